using System.Globalization;
using System.Net;
using System.Text;

namespace Tlmsp;

/// <summary>Address types on the wire (handshake.md §2.2).</summary>
public enum TlmspAddressType : byte
{
    /// <summary>A URL; the only type that can carry a port.</summary>
    Url = 0,
    /// <summary>A fully qualified domain name.</summary>
    Fqdn = 1,
    /// <summary>An IPv4 address as text.</summary>
    IPv4 = 2,
    /// <summary>An IPv6 address as text.</summary>
    IPv6 = 3,
    /// <summary>A MAC address as text.</summary>
    Mac = 4,
}

/// <summary>The address of a party. Two addresses are equal when type and text are, byte for byte: that is how middleboxes find themselves.</summary>
public sealed record TlmspAddress
{
    private const string Scheme = "tlmsp://";

    private TlmspAddress(TlmspAddressType type, string text)
    {
        Type = type;
        Text = text;
    }

    /// <summary>The type.</summary>
    public TlmspAddressType Type { get; }

    /// <summary>The text as on the wire.</summary>
    public string Text { get; }

    /// <summary>True for the empty address, which the format allows and routing refuses.</summary>
    public bool IsEmpty => Text.Length == 0;

    /// <summary>Reads what a user writes: <c>waf.example:7001</c> becomes <c>tlmsp://waf.example:7001</c>, a URL stays as it is.</summary>
    /// <exception cref="FormatException">There is no usable host or port.</exception>
    public static TlmspAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out TlmspAddress? address)
            ? address
            : throw new FormatException($"'{text}' is not an address. Write host:port or tlmsp://host:port.");
    }

    /// <summary>As <see cref="Parse"/>, without the exception.</summary>
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TlmspAddress? address)
    {
        address = null;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        string url = text.Contains("://", StringComparison.Ordinal) ? text : Scheme + text;
        var candidate = new TlmspAddress(TlmspAddressType.Url, url);
        if (url.Length > TlmspDialect.MaxAddressLength || !IsPrintable(url) || !candidate.TryGetEndPoint(out _, out _))
        {
            return false;
        }

        address = candidate;
        return true;
    }

    /// <summary>Takes an address from the wire; the content is checked, the host is not.</summary>
    /// <exception cref="TlmspException">Unknown type, too long, or not printable ASCII.</exception>
    internal static TlmspAddress FromWire(byte type, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return new TlmspAddress(TlmspAddressType.Url, "") { WireType = type };
        }

        if (type > (byte)TlmspAddressType.Mac)
        {
            throw new TlmspException(Misbehaviour.BadAddress, $"address type {type}");
        }

        if (text.Length > TlmspDialect.MaxAddressLength)
        {
            throw new TlmspException(Misbehaviour.BadAddress, $"{text.Length} bytes");
        }

        if (text.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
        {
            throw new TlmspException(Misbehaviour.BadAddress, "a byte that is not printable ASCII");
        }

        return new TlmspAddress((TlmspAddressType)type, Encoding.ASCII.GetString(text)) { WireType = type };
    }

    /// <summary>The type byte as received; it is not checked on an empty address (handshake.md §2.5).</summary>
    internal byte WireType { get; private init; }

    /// <summary>Host and port to connect to (handshake.md §8.4): scheme and path ignored, port after the last colon, 443 by default.</summary>
    /// <param name="host">Host name or IP literal without brackets.</param>
    /// <param name="port">1 to 65535.</param>
    /// <returns>False when the address names no host, has user information, or a bad port.</returns>
    public bool TryGetEndPoint(out string host, out int port)
    {
        host = "";
        port = 443;
        switch (Type)
        {
            case TlmspAddressType.Fqdn:
                host = Text;
                return IsHost(host);
            case TlmspAddressType.IPv4 or TlmspAddressType.IPv6:
                host = Text;
                return IPAddress.TryParse(Text, out _);
            case TlmspAddressType.Mac:
                return false;
        }

        int scheme = Text.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 1)
        {
            return false;
        }

        string authority = Text[(scheme + 3)..];
        int end = authority.AsSpan().IndexOfAny('/', '?', '#');
        authority = end < 0 ? authority : authority[..end];
        string portText = "443";
        if (authority.StartsWith('['))
        {
            int close = authority.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || (close + 1 < authority.Length && authority[close + 1] != ':'))
            {
                return false;
            }

            host = authority[1..close];
            portText = close + 1 < authority.Length ? authority[(close + 2)..] : portText;
            if (!IPAddress.TryParse(host, out IPAddress? ip) || ip.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
            {
                return false;
            }
        }
        else
        {
            int colon = authority.LastIndexOf(':');
            host = colon < 0 ? authority : authority[..colon];
            portText = colon < 0 ? portText : authority[(colon + 1)..];
            if (!IsHost(host))
            {
                return false;
            }
        }

        return int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
    }

    /// <inheritdoc/>
    public bool Equals(TlmspAddress? other) => other is not null && Type == other.Type && Text == other.Text;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Text);

    /// <inheritdoc/>
    public override string ToString() => Text;

    // Letters, digits, '-', '.' and '_': no user information, no percent escapes, no IDN that two parties could spell differently.
    private static bool IsHost(string host) =>
        host.Length is > 0 and <= 253 && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') && host[0] is not ('.' or '-');

    private static bool IsPrintable(string text) => !text.AsSpan().ContainsAnyExceptInRange('\x21', '\x7e');
}
