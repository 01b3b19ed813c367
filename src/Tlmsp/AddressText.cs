using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tlmsp;

/// <summary>The strict reader behind <see cref="TlmspAddress"/>: host and port, or the reason why there are none.</summary>
/// <remarks>
/// An address from a ClientHello decides where a middlebox dials, so whatever two parsers could read differently is refused
/// instead of guessed.
/// </remarks>
internal static class AddressText
{
    private const int DefaultPort = 443;
    private const int MaxHostLength = 253;
    private const int MaxLabelLength = 63;

    private static readonly SearchValues<char> s_schemeCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    // Underscore is not a host name character by RFC 1123, but container networks use it.
    private static readonly SearchValues<char> s_hostCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static bool TryReadEndPoint(
        TlmspAddressType type, string text, [NotNullWhen(true)] out string? host, out int port, [NotNullWhen(false)] out string? problem)
    {
        port = DefaultPort;
        switch (type)
        {
            case TlmspAddressType.Url:
                return TryReadUrl(text, out host, out port, out problem);
            case TlmspAddressType.Fqdn:
                return TryReadHost(text, out host, out problem);
            case TlmspAddressType.IPv4 when IsIPv4(text):
            case TlmspAddressType.IPv6 when IsIPv6(text):
                (host, problem) = (text, null);
                return true;
            default:
                (host, problem) = (null, type == TlmspAddressType.Mac ? "a MAC address cannot be dialled." : $"it is no {type} address.");
                return false;
        }
    }

    /// <summary>An IPv6 literal without brackets or zone.</summary>
    public static bool IsIPv6(ReadOnlySpan<char> text) =>
        text.Contains(':') && !text.ContainsAny("[]%/") && IPAddress.TryParse(text, out IPAddress? ip)
        && ip.AddressFamily == AddressFamily.InterNetworkV6;

    // Only the canonical form: "127.1", "0x7f000001" and "0177.0.0.1" are loopback to some resolvers and names to others.
    private static bool IsIPv4(ReadOnlySpan<char> text) =>
        IPAddress.TryParse(text, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetwork
        && text.SequenceEqual(ip.ToString());

    private static bool TryReadUrl(
        string text, [NotNullWhen(true)] out string? host, out int port, [NotNullWhen(false)] out string? problem)
    {
        (host, port) = (null, DefaultPort);
        ReadOnlySpan<char> rest = text;
        int scheme = rest.IndexOf("://", StringComparison.Ordinal);
        int firstSlash = rest.IndexOf('/');
        if (scheme >= 0 && firstSlash == scheme + 1)
        {
            if (scheme == 0 || !char.IsAsciiLetter(rest[0]) || rest[..scheme].ContainsAnyExcept(s_schemeCharacters))
            {
                problem = "its scheme is malformed.";
                return false;
            }

            rest = rest[(scheme + 3)..];
        }

        // The path is ignored; '?', '#' and '\' end the authority for some parsers and not for others.
        int end = rest.IndexOfAny("/?#\\");
        if (end >= 0 && rest[end] != '/')
        {
            problem = $"'{rest[end]}' may not follow the host.";
            return false;
        }

        ReadOnlySpan<char> authority = end >= 0 ? rest[..end] : rest;
        if (authority.Contains('@'))
        {
            problem = "user information ('@') is not allowed.";
            return false;
        }

        int colon = authority.LastIndexOf(':');
        if (colon >= 0 && !authority[colon..].Contains(']'))
        {
            if (!TryReadPort(authority[(colon + 1)..], out port))
            {
                problem = "its port is not a number from 1 to 65535.";
                return false;
            }

            authority = authority[..colon];
        }

        if (authority is ['[', .. var literal, ']'])
        {
            host = IsIPv6(literal) ? literal.ToString() : null;
            problem = host is null ? "the text in brackets is no IPv6 address." : null;
            return host is not null;
        }

        return TryReadHost(authority, out host, out problem!);
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out int port)
    {
        port = 0;
        return text.Length is >= 1 and <= 5 && text[0] != '0'
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue;
    }

    private static bool TryReadHost(
        ReadOnlySpan<char> text, [NotNullWhen(true)] out string? host, [NotNullWhen(false)] out string? problem)
    {
        problem = HostProblem(text);
        host = problem is null ? text.ToString() : null;
        return host is not null;
    }

    private static string? HostProblem(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return "it has no host.";
        }

        if (text.Length > MaxHostLength)
        {
            return $"its host is longer than {MaxHostLength} characters.";
        }

        int odd = text.IndexOfAnyExcept(s_hostCharacters);
        if (odd >= 0)
        {
            return text[odd] == ':' ? "its host holds a ':' (write IPv6 addresses in brackets)." : $"its host holds a '{text[odd]}'.";
        }

        ReadOnlySpan<char> last = default;
        foreach (Range range in text.Split('.'))
        {
            last = text[range];
            if (last.IsEmpty || last.Length > MaxLabelLength || last[0] == '-' || last[^1] == '-')
            {
                return "its host has an empty or malformed label.";
            }
        }

        // As in the URL standard: a host that ends in a number is an IPv4 address or nothing.
        bool number = !last.ContainsAnyExceptInRange('0', '9') || last.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return number && !IsIPv4(text) ? "it looks like an IPv4 address but is not in the form a.b.c.d." : null;
    }
}
