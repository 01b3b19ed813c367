using System.Buffers;
using System.Text;

namespace Tlmsp.Http;

/// <summary>Strict line syntax (RFC 9112, RFC 9110 §5). What is not exactly right is refused, never repaired (http-mapping §6, A5).</summary>
internal static class HttpSyntax
{
    private static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> ValueBytes = SearchValues.Create(
        [(byte)'\t', .. Enumerable.Range(0x20, 0x5f).Select(b => (byte)b), .. Enumerable.Range(0x80, 0x80).Select(b => (byte)b)]);

    /// <summary>Fields that frame, route, authenticate or describe content; in a trailer they would come after inspection (A6).</summary>
    private static readonly string[] ForbiddenTrailers =
    [
        "transfer-encoding", "content-length", "host", "authorization", "proxy-authorization", "proxy-authenticate", "www-authenticate",
        "cookie", "set-cookie", "trailer", "content-encoding", "content-type", "content-range", "te", "connection", "upgrade", "expect",
        "cache-control", "max-forwards", "range", "location", "keep-alive", "tlmsp-content",
    ];

    public static bool IsToken(ReadOnlySpan<byte> bytes) => !bytes.IsEmpty && !bytes.ContainsAnyExcept(Token);

    /// <summary>Splits a request line: one space each, no other white space.</summary>
    public static bool TryParseRequestLine(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> method, out bool isHttp11)
    {
        isHttp11 = false;
        int first = line.IndexOf((byte)' ');
        method = first < 0 ? default : line[..first];
        int last = line.LastIndexOf((byte)' ');
        if (first < 1 || last <= first + 1 || !IsToken(method))
        {
            return false;
        }

        ReadOnlySpan<byte> target = line[(first + 1)..last];
        return !target.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e) && IsVersion(line[(last + 1)..], out isHttp11);
    }

    public static bool TryParseStatusLine(ReadOnlySpan<byte> line, out int status, out bool isHttp11)
    {
        status = 0;
        isHttp11 = false;
        if (line.Length < 12 || !IsVersion(line[..8], out isHttp11) || line[8] != ' ' || (line.Length > 12 && line[12] != ' '))
        {
            return false;
        }

        foreach (byte digit in line.Slice(9, 3))
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            status = 10 * status + digit - '0';
        }

        return status is >= 100 and <= 599 && !line[12..].ContainsAnyExcept(ValueBytes);
    }

    /// <summary>Splits a field line; no white space before the colon, no folding, no control characters.</summary>
    public static bool TryParseField(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int colon = line.IndexOf((byte)':');
        name = colon < 0 ? default : line[..colon];
        value = colon < 0 ? default : line[(colon + 1)..].Trim(" \t"u8);
        return colon > 0 && IsToken(name) && !value.ContainsAnyExcept(ValueBytes);
    }

    /// <summary>Whether this is a field that can be written as a line of its own: a token, and a value without line breaks (RFC 9110 §5).</summary>
    public static bool IsField(string name, string value) => name.Length > 0 && Ascii.IsValid(name) && IsToken(Encoding.ASCII.GetBytes(name))
        && value.All(c => c <= '\xff') && value == value.Trim(' ', '\t') && !Encoding.Latin1.GetBytes(value).AsSpan().ContainsAnyExcept(ValueBytes);

    public static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lowerCase) => System.Text.Ascii.EqualsIgnoreCase(name, lowerCase);

    /// <summary>Whether a comma-separated list has an element (RFC 9110 §5.6.1).</summary>
    public static bool ListContains(ReadOnlySpan<byte> list, ReadOnlySpan<byte> lowerCase)
    {
        foreach (Range element in list.Split((byte)','))
        {
            if (Is(list[element].Trim(" \t"u8), lowerCase))
            {
                return true;
            }
        }

        return false;
    }

    public static bool IsForbiddenTrailer(ReadOnlySpan<byte> name)
    {
        foreach (string forbidden in ForbiddenTrailers)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(name, forbidden))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Content-Length: digits only, at most 18 of them, so that nothing overflows.</summary>
    public static bool TryParseLength(ReadOnlySpan<byte> value, out long length)
    {
        length = 0;
        if (value.Length is 0 or > 18)
        {
            return false;
        }

        foreach (byte digit in value)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            length = 10 * length + digit - '0';
        }

        return true;
    }

    /// <summary>A chunk-size line: hex digits, at most 15, then nothing or extensions that start with a semicolon (RFC 9112 §7.1).</summary>
    public static bool TryParseChunkSize(ReadOnlySpan<byte> line, out long size)
    {
        size = 0;
        int digits = 0;
        while (digits < line.Length && char.IsAsciiHexDigit((char)line[digits]))
        {
            if (digits == 15)
            {
                return false;
            }

            int c = line[digits];
            int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
            size = (size << 4) | (uint)digit;
            digits++;
        }

        return digits > 0 && (digits == line.Length || (line[digits] == ';' && !line[digits..].ContainsAnyExcept(ValueBytes)));
    }

    private static bool IsVersion(ReadOnlySpan<byte> version, out bool isHttp11)
    {
        isHttp11 = version.SequenceEqual("HTTP/1.1"u8);
        return isHttp11 || version.SequenceEqual("HTTP/1.0"u8);
    }
}
