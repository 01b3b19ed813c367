using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>
/// A notice that a middlebox deleted what it had inserted itself, as the reference's sends it when it changes the middle of a container:
/// nothing is missing. What others sent may not be declared its own, nor its own without having been inserted.
/// </summary>
public class OwnDeletionTests
{
    private const ushort InsertedAndDeleted = TlmspDialect.FlagInserted | TlmspDialect.FlagDeleted;
    private const string Head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";

    [Fact]
    public void Endpoints_take_it_and_stay_in_step()
    {
        using InMemoryPath path = TestPaths.Make(false, Grant.Write(1)).Connect();
        byte self = path.MiddleboxHandshakes[0].Self;

        HostileMiddlebox.Sends(path, 0, (flow, pipe) =>
        {
            flow.Modify(HostileFlow.Deletion(self, 1, InsertedAndDeleted, [self, 0, 1]), [], pipe.Writer);
            flow.Originate(RecordType.ApplicationData, 1, "more"u8, pipe.Writer);
        });

        Assert.Empty(path.Faults);
        Assert.Equal([("", true, self), ("more", false, self)], path.AtServer.Containers.Select(c => (Encoding.ASCII.GetString(c.Data), c.Deleted, c.Origin)));
    }

    [Fact]
    public async Task It_may_stand_inside_an_HTTP_message()
    {
        byte[] read = new byte[1000];
        using InMemoryPath path = TestPaths.Make(false, Grant.Write(1, 2)).Connect();
        await using TlmspHttpStream stream = Receive(path, [path.MiddleboxHandshakes[0].Self, 0, 1]);

        int length = await stream.ReadAtLeastAsync(read, Head.Length + 5);

        Assert.Equal(Head + "hello", Encoding.ASCII.GetString(read, 0, length));
    }

    [Fact]
    public async Task A_notice_of_what_others_sent_may_not()
    {
        using InMemoryPath path = TestPaths.Make(false, Grant.Write(1, 2)).Connect();
        await using TlmspHttpStream stream = Receive(path, [path.MiddleboxHandshakes[0].Self, 0, 1, TlmspDialect.Client, 0, 1]);

        await Assert.ThrowsAsync<EndOfStreamException>(async () => await stream.ReadAtLeastAsync(new byte[1000], Head.Length + 5));

        Assert.IsType<HttpMappingException>(stream.Fault);
    }

    /// <summary>The server's stream after a middlebox has sent a request, with a notice in the middle of its content.</summary>
    private static TlmspHttpStream Receive(InMemoryPath path, byte[] indicators)
    {
        byte[] arrived = [];
        path.ToServer(1).Tamper = bytes =>
        {
            arrived = bytes;
            return null;
        };
        byte self = path.MiddleboxHandshakes[0].Self;
        HostileMiddlebox.Sends(path, 0, (flow, pipe) =>
        {
            flow.Originate(RecordType.ApplicationData, 1, Encoding.ASCII.GetBytes(Head), pipe.Writer);
            flow.Originate(RecordType.ApplicationData, 2, "he"u8, pipe.Writer);
            flow.Modify(HostileFlow.Deletion(self, 2, InsertedAndDeleted, indicators), [], pipe.Writer);
            flow.Originate(RecordType.ApplicationData, 2, "llo"u8, pipe.Writer);
        });
        return new TlmspHttpStream(
            path.Server!, new Arrived(arrived), HttpDirection.Request, HttpMappingMode.Strict, flushOnWrite: false, profile: HttpProfile.Two);
    }

    private sealed class Arrived(byte[] bytes) : ITlmspTransport
    {
        private readonly ArrayBufferWriter<byte> _output = new();

        public PipeReader Input { get; } = PipeReader.Create(new ReadOnlySequence<byte>(bytes));

        public IBufferWriter<byte> Output => _output;

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
