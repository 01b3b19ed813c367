using System.Buffers;
using System.Text;
using Tlmsp.Tests.Golden;
using Tlmsp.Tests.Recorded;

namespace Tlmsp.Tests.Containers;

/// <summary>A delete notice may stand for several containers (records-keys.md §2.3); ours usually stand for one each.</summary>
public class DeleteNoticeTests
{
    private readonly RecordedHandshake _handshake =
        new(RecordedSessionFile.Load(GoldenFolder.File("d_1mbox_modify_audited.json")).Sessions[0]);

    [Fact]
    public void One_notice_stands_for_several_containers()
    {
        string[] arrived = Arrive([TlmspDialect.Client, 0, 3]);
        Assert.Equal(["first", "deleted 3", "last"], arrived);
    }

    [Fact]
    public void Indicators_add_up()
    {
        string[] arrived = Arrive([TlmspDialect.Client, 0, 1, TlmspDialect.Client, 0, 2]);
        Assert.Equal(["first", "deleted 3", "last"], arrived);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_notice_that_says_less_or_more_than_was_deleted_is_noticed(byte count)
    {
        TlmspException e = Assert.Throws<TlmspException>(() => Arrive([TlmspDialect.Client, 0, count]));
        Assert.Equal(Misbehaviour.BadFragmentTag, e.Misbehaviour);
    }

    /// <summary>A client sends five containers, a middlebox puts one notice in the place of the second to the fourth.</summary>
    private string[] Arrive(byte[] indicators)
    {
        OutgoingFlow client = _handshake.Sender(0, Direction.ClientToServer, Nonces(0));
        IncomingFlow toMiddlebox = _handshake.Receiver(1, Direction.ClientToServer);
        OutgoingFlow middlebox = _handshake.Sender(1, Direction.ClientToServer, Nonces(1));
        IncomingFlow toServer = _handshake.Receiver(2, Direction.ClientToServer);

        var output = new ArrayBufferWriter<byte>();
        foreach (string text in (string[])["first", "two", "three", "four", "last"])
        {
            var record = new ArrayBufferWriter<byte>();
            client.Originate(RecordType.ApplicationData, 1, Encoding.ASCII.GetBytes(text), record);
            Open(record.WrittenSpan.ToArray(), toMiddlebox, (in OpenedContainer container) =>
            {
                switch (text)
                {
                    case "two":
                        middlebox.Delete(container, indicators, output);
                        break;
                    case "first" or "last":
                        middlebox.Forward(container, output);
                        break;
                }
            });
        }

        var arrived = new List<string>();
        Open(output.WrittenSpan.ToArray(), toServer, (in OpenedContainer container) =>
            arrived.Add(container.Parts.IsDeleted ? $"deleted {container.DeletedCount}" : Encoding.ASCII.GetString(container.Plaintext)));
        return [.. arrived];
    }

    private CounterNonceSource Nonces(int position) => new(_handshake.EntityAt(position), TlmspRandom.System);

    private void Open(byte[] records, IncomingFlow flow, RecordedReceiver.Act act)
    {
        var input = new ReadOnlySequence<byte>(records);
        var reader = default(RecordReader);
        while (reader.TryRead(ref input, _handshake.Path.SessionId))
        {
            act(flow.Open(reader.Type, reader.Buffer, ContainerParts.Headroom, new byte[TlmspDialect.MaxFragmentReceived]));
            reader.Done();
        }
    }
}
