using System.Globalization;
using System.Text;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>Messages of HTTP/1.1 as bytes, and back: of those that are right, and no others.</summary>
internal static class Http1Wire
{
    private static readonly string[] s_framing = ["content-length", "transfer-encoding", "date"];

    public static byte[] Write(IEnumerable<Sending> sendings) => [.. sendings.SelectMany(Write)];

    /// <summary>What has arrived; the last one may be a part.</summary>
    public static List<Message> Read(byte[] stream)
    {
        var messages = new List<Message>();
        for (int at = 0; at < stream.Length;)
        {
            messages.Add(ReadOne(stream, ref at));
        }

        return messages;
    }

    private static byte[] Write(Sending sending)
    {
        Message message = sending.Message;
        bool hasLength = !sending.IsChunked && !message.Start.Contains(" 103 ", StringComparison.Ordinal)
            && (message.Content.Length > 0 || message.Start.StartsWith("HTTP/", StringComparison.Ordinal));
        string framing = sending.IsChunked ? "transfer-encoding: chunked\r\n" : hasLength ? $"content-length: {message.Content.Length}\r\n" : "";
        var bytes = new List<byte>(Encoding.Latin1.GetBytes($"{message.Start}\r\n{Lines(message.Fields)}{framing}\r\n"));
        if (!sending.IsChunked)
        {
            return [.. bytes, .. message.Content];
        }

        string extension = sending.Quirk % 3 == 0 ? ";a=\"b c\"" : "";
        foreach (byte[] chunk in sending.Cut())
        {
            bytes.AddRange([.. Encoding.Latin1.GetBytes($"{chunk.Length:x}{extension}\r\n"), .. chunk, .. "\r\n"u8]);
        }

        return [.. bytes, .. Encoding.Latin1.GetBytes($"0{extension}\r\n{Lines(message.Trailers)}\r\n")];
    }

    private static string Lines((string Name, string Value)[] fields) => string.Concat(fields.Select(field => $"{field.Name}: {field.Value}\r\n"));

    private static Message ReadOne(byte[] stream, ref int at)
    {
        if (!TryReadLines(stream, ref at, out string[] head))
        {
            return new Message(0, "", [], [], [], IsWhole: false);
        }

        (string Name, string Value)[] fields = [.. head[1..].Select(Field)];
        var message = new Message(0, head[0], [.. fields.Where(field => !s_framing.Contains(field.Name))], [], []);
        string? length = fields.FirstOrDefault(field => field.Name == "content-length").Value;
        if (fields.Contains(("transfer-encoding", "chunked")))
        {
            return ReadChunks(message, stream, ref at);
        }

        int due = length is null ? 0 : int.Parse(length, CultureInfo.InvariantCulture);
        int there = Math.Min(due, stream.Length - at);
        at += there;
        return message with { Content = stream[(at - there)..at], IsWhole = there == due };
    }

    private static Message ReadChunks(Message message, byte[] stream, ref int at)
    {
        var content = new List<byte>();
        while (true)
        {
            int end = stream.AsSpan(at).IndexOf("\r\n"u8);
            string size = end < 0 ? "" : Encoding.Latin1.GetString(stream, at, end).Split(';')[0];
            int length = end < 0 ? 0 : int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (end >= 0 && length == 0)
            {
                at += end;
                bool isWhole = TryReadLines(stream, ref at, out string[] trailers);     // from the end of the last chunk's line
                return message with { Content = [.. content], Trailers = [.. trailers.Skip(1).Select(Field)], IsWhole = isWhole };
            }

            int from = at + end + 2;
            if (end < 0 || from + length + 2 > stream.Length)
            {
                content.AddRange(end < 0 ? [] : stream[from..Math.Min(from + length, stream.Length)]);
                at = stream.Length;
                return message with { Content = [.. content], IsWhole = false };
            }

            content.AddRange(stream[from..(from + length)]);
            at = from + length + 2;
        }
    }

    private static bool TryReadLines(byte[] stream, ref int at, out string[] lines)
    {
        int end = stream.AsSpan(at).IndexOf("\r\n\r\n"u8);
        lines = end < 0 ? [] : Encoding.Latin1.GetString(stream, at, end).Split("\r\n");
        at = end < 0 ? stream.Length : at + end + 4;
        return end >= 0;
    }

    private static (string Name, string Value) Field(string line) =>
        (line[..line.IndexOf(':', StringComparison.Ordinal)].ToLowerInvariant(), line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..]);
}
