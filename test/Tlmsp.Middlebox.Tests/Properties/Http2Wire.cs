using System.Buffers.Binary;
using System.Text;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>Messages of HTTP/2 as frames of one connection, and back: of those that are right, and no others.</summary>
internal static class Http2Wire
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte ResetStream = 3;
    private const byte Continuation = 9;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private const byte Padded = 8;
    private static readonly string[] s_ofBox = ["date", "content-length"];
    private static readonly byte[] s_preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];

    /// <summary>SETTINGS that confirm those of the other side.</summary>
    public static byte[] Acknowledgement => Frame(4, 1, 0, []);

    /// <summary>What a side says first: SETTINGS_INITIAL_WINDOW_SIZE and WINDOW_UPDATE, so that nobody has to wait for a window.</summary>
    public static byte[] Start(bool isClient) =>
        [.. isClient ? s_preface : [], .. Frame(4, 0, 0, [0, 4, 0, 0x40, 0, 0]), .. Frame(8, 0, 0, [0, 0x40, 0, 0])];

    /// <summary>The frames of all messages, those of different streams in an order that is drawn.</summary>
    public static byte[] Write(IEnumerable<Sending> sendings, int[] picks)
    {
        var bytes = new List<byte>();
        Queue<Queue<byte[]>> unopened = new(sendings.GroupBy(sending => sending.Message.Stream)
            .Select(stream => new Queue<byte[]>(stream.SelectMany(Frames))));
        var open = new List<Queue<byte[]>>();
        for (int i = 0; unopened.Count > 0 || open.Count > 0; i++)
        {
            int pick = picks[i % picks.Length];
            if (open.Count == 0 || (unopened.Count > 0 && pick % 3 == 0))
            {
                open.Insert(0, unopened.Dequeue());
                pick = 0;       // streams are opened in order (RFC 9113 §5.1.1)
            }

            Queue<byte[]> next = open[pick % open.Count];
            bytes.AddRange(next.Dequeue());
            if (next.Count == 0)
            {
                open.Remove(next);
            }

            if (pick % 5 == 0)
            {
                bytes.AddRange(pick % 2 == 0 ? Frame(6, 0, 0, new byte[8]) : Frame(8, 0, 0, [0, 0, 1, 0]));
            }
        }

        return [.. bytes];
    }

    /// <summary>What has arrived, by stream; the last one of each may be a part. A stream that was reset has a message that says so.</summary>
    public static List<Message> Read(byte[] stream, bool isFromClient)
    {
        var messages = new List<Message>();
        var block = new List<byte>();
        byte opening = 0;
        for (int at = isFromClient ? Math.Min(s_preface.Length, stream.Length) : 0; at + 9 <= stream.Length;)
        {
            int length = (stream[at] << 16) | (stream[at + 1] << 8) | stream[at + 2];
            if (at + 9 + length > stream.Length)
            {
                break;
            }

            (byte type, byte flags, int id) = (stream[at + 3], stream[at + 4], BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at + 5)));
            byte[] payload = stream[(at + 9)..(at + 9 + length)];
            at += 9 + length;
            if (type is Data or Headers && (flags & Padded) != 0)
            {
                payload = payload[1..^payload[0]];
            }

            if (type == ResetStream)
            {
                messages.Add(Reset(id, BinaryPrimitives.ReadInt32BigEndian(payload)));
            }
            else if (type is Headers or Continuation)
            {
                opening = type == Headers ? flags : opening;
                block.AddRange(payload);
                if ((flags & EndHeaders) != 0)
                {
                    OnBlock(messages, id, Fields([.. block]), (opening & EndStream) != 0);
                    block.Clear();
                }
            }
            else if (type == Data)
            {
                int last = messages.FindLastIndex(each => each.Stream == id);
                Assert.True(last >= 0, $"DATA of stream {id}, of which there is no head");
                messages[last] = messages[last] with { Content = [.. messages[last].Content, .. payload], IsWhole = (flags & EndStream) != 0 };
            }
        }

        return [.. messages.OrderBy(message => message.Stream)];
    }

    public static Message Reset(int stream, int code) => new(stream, $"RST_STREAM {code}", [], [], []);

    private static void OnBlock(List<Message> messages, int id, (string Name, string Value)[] fields, bool ends)
    {
        string start = string.Join(' ', fields.Where(field => field.Name is ":method" or ":path" or ":status").Select(field => field.Value));
        if (start.Length > 0)
        {
            messages.Add(new Message(id, start, [.. fields.Where(field => field.Name[0] != ':' && !s_ofBox.Contains(field.Name))], [], [], ends || start == "103"));
            return;
        }

        int last = messages.FindLastIndex(each => each.Stream == id);
        Assert.True(last >= 0, $"trailers of stream {id}, of which there is no head");
        messages[last] = messages[last] with { Trailers = fields, IsWhole = ends };
    }

    private static IEnumerable<byte[]> Frames(Sending sending)
    {
        Message message = sending.Message;
        bool isInterim = message.Start == "103";
        bool hasTrailers = message.Trailers.Length > 0;
        bool endsWithHead = message.Content.Length == 0 && !hasTrailers && !isInterim && sending.Quirk % 2 == 0;
        string[] start = message.Start.Split(' ');
        (string, string)[] pseudo = start.Length == 1
            ? [(":status", start[0])]
            : [(":method", start[0]), (":scheme", "https"), (":path", start[1]), (":authority", "a.example")];
        yield return Block(message.Stream, [.. pseudo, .. message.Fields], endsWithHead, sending.Quirk);
        if (endsWithHead || isInterim)
        {
            yield break;
        }

        byte[][] pieces = [.. sending.Cut()];
        bool endsWithEmpty = !hasTrailers && (pieces.Length == 0 || sending.Quirk % 3 == 0);
        for (int i = 0; i < pieces.Length; i++)
        {
            bool isLast = i == pieces.Length - 1 && !hasTrailers && !endsWithEmpty;
            byte[] padding = sending.Quirk % 4 == 0 ? new byte[sending.Quirk % 50] : [];
            yield return sending.Quirk % 4 == 0
                ? Frame(Data, (byte)(Padded | (isLast ? EndStream : 0)), message.Stream, [(byte)padding.Length, .. pieces[i], .. padding])
                : Frame(Data, isLast ? EndStream : (byte)0, message.Stream, pieces[i]);
        }

        if (endsWithEmpty)
        {
            yield return Frame(Data, EndStream, message.Stream, []);
        }

        if (hasTrailers)
        {
            yield return Block(message.Stream, message.Trailers, endsStream: true, sending.Quirk);
        }
    }

    /// <summary>A field block (RFC 7541 §6.2.2: literals that are not indexed), in one frame or with CONTINUATION.</summary>
    private static byte[] Block(int stream, (string Name, string Value)[] fields, bool endsStream, int quirk)
    {
        byte[] block = [.. fields.SelectMany(field => (byte[])[0, .. String(field.Name), .. String(field.Value)])];
        byte flags = endsStream ? EndStream : (byte)0;
        int cut = quirk % 5 == 0 ? quirk % block.Length : block.Length;
        return cut == block.Length
            ? Frame(Headers, (byte)(flags | EndHeaders), stream, block)
            : [.. Frame(Headers, flags, stream, block[..cut]), .. Frame(Continuation, EndHeaders, stream, block[cut..])];
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        byte[] frame = [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    private static byte[] String(string text)
    {
        var bytes = new List<byte> { (byte)Math.Min(text.Length, 0x7f) };
        for (int rest = text.Length - 0x7f; rest >= 0; rest = rest < 0x80 ? -1 : rest >> 7)
        {
            bytes.Add((byte)(rest < 0x80 ? rest : (rest & 0x7f) | 0x80));
        }

        return [.. bytes, .. Encoding.Latin1.GetBytes(text)];
    }

    private static (string Name, string Value)[] Fields(byte[] block)
    {
        var fields = new List<(string, string)>();
        for (int at = 0; at < block.Length;)
        {
            Assert.True(block[at++] is 0x00 or 0x10, "a field that refers to a table, which no sender here has");
            fields.Add((Next(), Next()));

            string Next()
            {
                int length = block[at++];
                for (int shift = 0, more = length == 0x7f ? 1 : 0; more != 0; shift += 7)
                {
                    length += (block[at] & 0x7f) << shift;
                    more = block[at++] & 0x80;
                }

                at += length;
                return Encoding.Latin1.GetString(block, at - length, length);
            }
        }

        return [.. fields];
    }
}
