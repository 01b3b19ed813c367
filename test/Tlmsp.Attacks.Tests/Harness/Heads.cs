namespace Tlmsp.Attacks.Tests;

/// <summary>What hostile parties look for in what they receive.</summary>
internal static class Heads
{
    private const byte Headers = 1;
    private const byte Status200 = 0x88;
    private const int FrameHeader = 9;

    /// <summary>True for the start of a head with status 200, or frames with such a head among them.</summary>
    public static bool IsOk(byte[] data, bool http2) => http2
        ? FindHeaders(data) is { } at && data[at + FrameHeader] == Status200
        : Payload.Text(data).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal);

    /// <summary>True for a request's head, or frames with one among them.</summary>
    public static bool IsRequest(byte[] data, bool http2) => http2
        ? FindHeaders(data) is not null
        : Payload.Text(data).EndsWith("\r\n\r\n", StringComparison.Ordinal);

    /// <summary>Where the first HEADERS frame starts, among whole frames; null when there is none.</summary>
    public static int? FindHeaders(byte[] data)
    {
        int preface = data.AsSpan().StartsWith("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8) ? 24 : 0;
        for (int at = preface; at + FrameHeader <= data.Length; at += FrameHeader + ((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]))
        {
            if (data[at + 3] == Headers)
            {
                return at;
            }
        }

        return null;
    }
}
