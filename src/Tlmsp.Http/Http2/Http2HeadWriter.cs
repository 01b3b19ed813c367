using System.Buffers;
using System.Text;

namespace Tlmsp.Http;

/// <summary>
/// Writes a head as frames whose field block refers to no table: what a middlebox can put in the place of another without the peers'
/// tables going apart (http-mapping §8).
/// </summary>
internal static class Http2HeadWriter
{
    private const byte Literal = 0x00;          // RFC 7541 §6.2.2, with a new name
    private const byte NeverIndexed = 0x10;     // §6.2.3
    private const byte EndHeaders = 0x4;
    private const byte EndStream = 0x1;
    private static readonly string[] s_sensitive = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

    /// <param name="head">The head.</param>
    /// <param name="endsStream">Whether nothing follows it.</param>
    public static byte[] Write(HttpHead head, bool endsStream)
    {
        ReadOnlySpan<byte> block = Block(head);
        var frames = new ArrayBufferWriter<byte>(block.Length + Http2Frame.HeaderSize);
        var type = Http2FrameType.Headers;
        do
        {
            ReadOnlySpan<byte> fragment = block[..Math.Min(block.Length, Http2Frame.DefaultMaxSize)];
            block = block[fragment.Length..];
            int flags = (block.IsEmpty ? EndHeaders : 0) | (type == Http2FrameType.Headers && endsStream ? EndStream : 0);
            new Http2Frame(fragment.Length, type, (byte)flags, (uint)head.StreamId).Write(frames.GetSpan(Http2Frame.HeaderSize));
            frames.Advance(Http2Frame.HeaderSize);
            frames.Write(fragment);
            type = Http2FrameType.Continuation;
        }
        while (!block.IsEmpty);
        return frames.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Block(HttpHead head)
    {
        var block = new ArrayBufferWriter<byte>();
        if (head.Direction == HttpDirection.Request)
        {
            AddField(block, ":method", head.Method);
            AddField(block, ":scheme", "https");
            AddField(block, ":path", head.Target);
            if (head["host"] is { } authority)
            {
                AddField(block, ":authority", authority);
            }
        }
        else
        {
            AddField(block, ":status", head.StartLine[^3..]);
        }

        foreach (HttpField field in head.Fields)
        {
            if (!(head.Direction == HttpDirection.Request && field.Name == "host"))
            {
                AddField(block, field.Name.ToLowerInvariant(), field.Value);
            }
        }

        return block.WrittenSpan;
    }

    private static void AddField(ArrayBufferWriter<byte> block, string name, string value)
    {
        Add(block, s_sensitive.Contains(name) ? NeverIndexed : Literal);
        AddString(block, name);
        AddString(block, value);
    }

    /// <summary>Length in a 7-bit prefix without Huffman coding (RFC 7541 §5.1, §5.2).</summary>
    private static void AddString(ArrayBufferWriter<byte> block, string text)
    {
        int rest = text.Length;
        if (rest < 0x7f)
        {
            Add(block, (byte)rest);
        }
        else
        {
            Add(block, 0x7f);
            for (rest -= 0x7f; rest >= 0x80; rest >>= 7)
            {
                Add(block, (byte)(rest | 0x80));
            }

            Add(block, (byte)rest);
        }

        block.Write((ReadOnlySpan<byte>)Encoding.Latin1.GetBytes(text));
    }

    private static void Add(ArrayBufferWriter<byte> block, byte value)
    {
        block.GetSpan(1)[0] = value;
        block.Advance(1);
    }
}
