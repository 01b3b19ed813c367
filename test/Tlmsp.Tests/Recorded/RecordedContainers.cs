using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp.Tests.Recorded;

/// <summary>One container of a hop as it was opened.</summary>
internal sealed record RecordedContainer(
    RecordType Type, byte[] Record, byte Context, ushort Flags, byte[] MInfo, byte Origin, byte Author, byte[] Plaintext, bool CanRead, byte[] Fragment,
    IReadOnlyList<byte[]> ForwardingMacNonces)
{
    public bool IsDeleted => (Flags & TlmspDialect.FlagDeleted) != 0;

    public bool IsInserted => (Flags & TlmspDialect.FlagInserted) != 0;
}

/// <summary>Nonces in the order in which a recorded sender drew them.</summary>
internal sealed class RecordedNonces : NonceSource
{
    private readonly Queue<byte[]> _next = new();

    public void Add(ReadOnlySpan<byte> nonce) => _next.Enqueue(nonce.ToArray());

    public override void Next(Span<byte> nonce) => _next.Dequeue().CopyTo(nonce);
}

/// <summary>Opens and seals the protected part of one direction of one hop.</summary>
internal static class RecordedContainers
{
    /// <summary>The protected handshake messages, and the records after them.</summary>
    public static (byte[][] Messages, byte[][] Records) Open(RecordedHandshake handshake, int hop, Direction direction, IncomingFlow flow)
    {
        RecordedStream stream = direction == Direction.ClientToServer ? handshake.ToServer[hop] : handshake.ToClient[hop];
        var input = new ReadOnlySequence<byte>(stream.Protected);
        var messages = new List<byte[]>();
        for (int i = 0; i < 1 + handshake.Peers.Count; i++)
        {
            byte[] record = TakeRecord(ref input);
            byte[] body = record[(RecordHeader.Size + TlmspDialect.SessionIdLength)..];
            byte[] plaintext = new byte[body.Length];
            messages.Add(plaintext[..flow.OpenHandshakeRecord((RecordType)record[0], body, plaintext)]);
        }

        var records = new List<byte[]>();
        while (!input.IsEmpty)
        {
            records.Add(TakeRecord(ref input));
        }

        return ([.. messages], [.. records]);
    }

    /// <summary>The raw records of the protected part, handshake records first.</summary>
    public static byte[][] Records(RecordedStream stream)
    {
        var input = new ReadOnlySequence<byte>(stream.Protected);
        var records = new List<byte[]>();
        while (!input.IsEmpty)
        {
            records.Add(TakeRecord(ref input));
        }

        return [.. records];
    }

    public static RecordedContainer OpenContainer(RecordedHandshake handshake, byte[] record, IncomingFlow flow)
    {
        var reader = default(RecordReader);
        var input = new ReadOnlySequence<byte>(record);
        Assert.True(reader.TryRead(ref input, handshake.SessionId));
        try
        {
            byte[] plaintext = new byte[TlmspDialect.MaxFragmentReceived];
            OpenedContainer opened = flow.Open(reader.Type, reader.Buffer, ContainerParts.Headroom, plaintext);
            Assert.Equal(reader.End, opened.Parts.End);
            var nonces = new List<byte[]>();
            for (int i = 0; i < opened.Parts.ForwardingMacCount; i++)
            {
                nonces.Add(opened.ForwardingMac(i).Nonce.ToArray());
            }

            return new RecordedContainer(
                opened.Type, record, opened.Parts.ContextId, opened.Parts.Flags, opened.MInfo.ToArray(), opened.Origin, opened.Author,
                opened.Plaintext.ToArray(), opened.CanRead, opened.Buffer.Slice(opened.Parts.FragmentOffset, opened.Parts.FragmentLength).ToArray(), nonces);
        }
        finally
        {
            reader.Done();
        }
    }

    /// <summary>Opens a record and lets a middlebox do something to its container.</summary>
    public static void With(RecordedHandshake handshake, byte[] record, IncomingFlow flow, Act act)
    {
        var reader = default(RecordReader);
        var input = new ReadOnlySequence<byte>(record);
        Assert.True(reader.TryRead(ref input, handshake.SessionId));
        try
        {
            act(flow.Open(reader.Type, reader.Buffer, ContainerParts.Headroom, new byte[TlmspDialect.MaxFragmentReceived]));
        }
        finally
        {
            reader.Done();
        }
    }

    public delegate void Act(in OpenedContainer container);

    private static byte[] TakeRecord(ref ReadOnlySequence<byte> input)
    {
        byte[] header = input.Slice(0, RecordHeader.Size).ToArray();
        int length = RecordHeader.Size + BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3));
        byte[] record = input.Slice(0, length).ToArray();
        input = input.Slice(length);
        return record;
    }
}
