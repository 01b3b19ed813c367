using System.Buffers.Binary;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.BadInput;

/// <summary>One way to damage one record of a stream.</summary>
internal sealed class Mutation(string name, Func<WireRecord, IEnumerable<byte[]>> change)
{
    private const int HeaderLength = RecordHeader.Size + TlmspDialect.SessionIdLength + HandshakeMessage.HeaderLength;
    private const int LengthOffset = 3;
    private const int TypeOffset = RecordHeader.Size + TlmspDialect.SessionIdLength;
    private const int Samples = 12;

    /// <summary>Everything that is done to a record as a whole, whatever it holds.</summary>
    public static Mutation[] Structural { get; } =
    [
        new("dropped", _ => []) { MayStall = true },
        new("twice", record => [record.Bytes, record.Bytes]),
        new("behind the next one", record => [record.Bytes]) { MovesBehind = 1, MayStall = true },
        new("its last byte lost", record => [record.Bytes[..^1]]) { MayStall = true },
        new("its second half lost", record => [record.Bytes[..(record.Bytes.Length / 2)]]) { MayStall = true, IsRepeatable = false },
        new("its last byte cut off, lengths fitting", record => [Resize(record, -1)]),
        new("its second half cut off, lengths fitting", record => [Resize(record, -(Content(record).Length + 1) / 2)]),
        new("emptied, lengths fitting", record => [record.With([])]),
        new("a byte longer, lengths fitting", record => [Resize(record, 1)]),
        new("said to be longer by one", record => [SetLength(record, record.Bytes.Length - RecordHeader.Size + 1)]) { MayStall = true },
        new("said to be as long as can be", record => [SetLength(record, ushort.MaxValue)]) { MayStall = true },
    ];

    public string Name { get; } = name;

    /// <summary>The byte that is changed, if it is a single one.</summary>
    public int? Byte { get; private init; }

    /// <summary>True when bytes are missing that a party may wait for, until its host's time is up.</summary>
    public bool MayStall { get; private init; }

    /// <summary>True when what follows from it does not depend on random bytes, or on lengths that vary with them.</summary>
    public bool IsRepeatable { get; private init; } = true;

    /// <summary>How many records it lets pass before it comes; 0 when it stays where it is.</summary>
    private int MovesBehind { get; init; }

    /// <summary>A message of every type, put before the record: where one is due, it is malformed, or there twice.</summary>
    public static IEnumerable<Mutation> Strangers => Enum.GetValues<HandshakeType>().Select(
        type => new Mutation($"{type} before it", record => [Stranger(record, type), record.Bytes]));

    /// <summary>The record comes behind others that follow it: any two of the messages of a side are out of order then.</summary>
    public static IEnumerable<Mutation> Moves => Enumerable.Range(2, 11).Select(
        count => new Mutation($"behind {count} others", record => [record.Bytes]) { MovesBehind = count, MayStall = true });

    /// <summary>Single bits of single bytes: of the headers, and samples of the rest; the same ones in every run.</summary>
    /// <param name="length">Length of the record.</param>
    /// <param name="step">Only every so-manieth of them.</param>
    /// <param name="first">Which one to start at.</param>
    public static IEnumerable<Mutation> Flips(int length, int step = 1, int first = 0)
    {
        int heads = Math.Min(length, HeaderLength);
        int[] offsets =
        [
            .. Enumerable.Range(0, heads)
                .Concat(Enumerable.Range(0, Samples).Select(i => heads + (length - heads) * i / Samples))
                .Append(length - 1).Where(at => at < length).Distinct(),
        ];
        for (int i = first % step; i < offsets.Length; i += step)
        {
            int at = offsets[i];
            byte mask = (byte)(1 << ((at * 5 + length) % 8));
            // Signatures, and with them records, are now and then a byte shorter.
            yield return new Mutation($"byte {at} ^ {mask:x2}", record => [record.Flip(Math.Min(at, record.Bytes.Length - 1), mask)])
            {
                Byte = at,
                MayStall = at is LengthOffset or LengthOffset + 1,
                IsRepeatable = at is < LengthOffset or >= RecordHeader.Size and <= TypeOffset,
            };
        }
    }

    /// <summary>Damages the record of a number, counted from now on.</summary>
    /// <returns>Tells whether anything was changed: an empty message cannot lose its last byte.</returns>
    public Func<bool> Attach(InMemoryPipe pipe, int number)
    {
        int seen = 0;
        bool differs = false;
        byte[]? held = null;
        RecordTap tap = RecordTap.On(pipe);
        tap.Replace(_ => seen++ == number, record =>
        {
            held = record.Bytes;
            byte[][] changed = [.. change(record)];
            differs = MovesBehind > 0 || changed.Length != 1 || !changed[0].AsSpan().SequenceEqual(record.Bytes);
            return MovesBehind > 0 ? [] : changed;
        });
        if (MovesBehind > 0)
        {
            int left = MovesBehind;
            tap.Replace(_ => held is not null && --left == 0, record => [record.Bytes, held!]);
        }

        return () => differs;
    }

    public override string ToString() => Name;

    /// <summary>What lengths are about: the body of a message in the clear, else the body of the record.</summary>
    private static byte[] Content(WireRecord record) => record.Message is null ? record.Body : record.MessageBody;

    private static byte[] Resize(WireRecord record, int by)
    {
        byte[] content = Content(record);
        content = by > 0 ? [.. content, .. new byte[by]] : content[..Math.Max(0, content.Length + by)];
        return record.Message is null ? record.With(content) : record.WithMessage(content);
    }

    private static byte[] Stranger(WireRecord record, HandshakeType type)
    {
        byte[] message = record.With([(byte)type, 0, 0, 1, 0xff]);
        message[0] = (byte)RecordType.Handshake;
        return message;
    }

    private static byte[] SetLength(WireRecord record, int length)
    {
        byte[] changed = [.. record.Bytes];
        BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(3), (ushort)length);
        return changed;
    }
}
