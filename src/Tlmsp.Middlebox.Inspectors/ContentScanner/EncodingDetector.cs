using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Finds out whether content is compressed: from its head, or from how it begins.</summary>
internal sealed class EncodingDetector
{
    private static readonly (string Name, byte[] Magic)[] s_known =
    [
        ("gzip", [0x1f, 0x8b, 0x08]),           // RFC 1952 §2.3.1
        ("zstd", [0x28, 0xb5, 0x2f, 0xfd]),     // RFC 8878 §3.1.1
    ];

    private readonly byte[] _start = new byte[ChunkLine + 4];
    private int _length;

    /// <summary>A chunk-size line without extensions that may come before.</summary>
    private const int ChunkLine = 18;

    /// <summary>What a head says (RFC 9110 §8.4; gRPC over HTTP/2: <c>grpc-encoding</c>); null for nothing.</summary>
    public static string? Of(HttpHead head)
    {
        foreach (HttpField field in head.Fields)
        {
            bool says = string.Equals(field.Name, "Content-Encoding", StringComparison.OrdinalIgnoreCase)
                || string.Equals(field.Name, "grpc-encoding", StringComparison.OrdinalIgnoreCase);
            if (says && field.Value.Length > 0 && !string.Equals(field.Value, "identity", StringComparison.OrdinalIgnoreCase))
            {
                // From a stranger, and on its way to a log.
                return field.Value.Length <= 40 && field.Value.All(c => c is > ' ' and <= '~') ? field.Value : "something";
            }
        }

        return null;
    }

    /// <summary>
    /// What the next piece of content says, without a head: at the beginning of the content, however it is cut, and of each piece, as
    /// nothing tells where messages begin.
    /// </summary>
    public string? Find(ReadOnlySpan<byte> content)
    {
        int taken = Math.Min(content.Length, _start.Length - _length);
        content[..taken].CopyTo(_start.AsSpan(_length));
        _length += taken;
        return Name(_start.AsSpan(0, _length)) ?? Name(content);
    }

    private static string? Name(ReadOnlySpan<byte> content)
    {
        int digits = content.IndexOfAnyExcept("0123456789abcdefABCDEF"u8);
        bool isFramed = digits is > 0 and <= ChunkLine - 2 && content[digits..].StartsWith("\r\n"u8);
        ReadOnlySpan<byte> unframed = isFramed ? content[(digits + 2)..] : content;
        foreach ((string name, byte[] magic) in s_known)
        {
            if (content.StartsWith(magic) || unframed.StartsWith(magic))
            {
                return name;
            }
        }

        return null;
    }
}
