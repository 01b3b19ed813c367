using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Tlmsp;

/// <summary>How a party is named on the wire: a type and a text (handshake.md §8.4).</summary>
/// <remarks>
/// A middlebox finds itself in the list by comparing addresses byte for byte (§8.2), so equality is exact: letter case, port and path all
/// count, and nothing is normalised.
/// </remarks>
public readonly struct TlmspAddress : IEquatable<TlmspAddress>
{
    private const string DefaultScheme = "tlmsp://";
    private readonly string? _text;

    private TlmspAddress(TlmspAddressType type, string text)
    {
        Type = type;
        _text = text;
    }

    /// <summary>The form of the address.</summary>
    public TlmspAddressType Type { get; }

    /// <summary>The text as on the wire: printable ASCII, so one character is one byte.</summary>
    public string Text => _text ?? "";

    /// <summary>True when there is no text: the party has not said where it is.</summary>
    public bool IsEmpty => Text.Length == 0;

    /// <summary>Reads an address as people write it: <c>host</c>, <c>host:port</c>, <c>[ipv6]:port</c> or a URL.</summary>
    /// <param name="text">A URL is kept byte for byte; anything else becomes <c>tlmsp://</c> + text, since only URLs carry a port.</param>
    /// <exception cref="FormatException">The text does not name a host that can be dialled; the message says why.</exception>
    public static TlmspAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out TlmspAddress address, out string? problem)
            ? address
            : throw new FormatException(
                $"'{Printable(text)}' is not a TLMSP address: {problem} Expected host, host:port, [ipv6]:port or tlmsp://host:port.");
    }

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    /// <param name="text">The text to read.</param>
    /// <param name="address">The address, or the empty address.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out TlmspAddress address) => TryParse(text, out address, out _);

    /// <summary>Makes an address of a given type, to be sent exactly as written.</summary>
    /// <param name="type">The form of the address.</param>
    /// <param name="text">The text as on the wire.</param>
    /// <exception cref="FormatException">The text cannot be sent, or does not fit the type.</exception>
    public static TlmspAddress Create(TlmspAddressType type, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((byte)type, (byte)TlmspAddressType.Mac, nameof(type));
        string? problem = WireProblem(text);
        if (problem is null && type != TlmspAddressType.Mac)
        {
            AddressText.TryReadEndPoint(type, text, out _, out _, out problem);
        }

        return problem is null
            ? new TlmspAddress(type, text)
            : throw new FormatException($"'{Printable(text)}' is not a TLMSP address of type {type}: {problem}");
    }

    /// <summary>Reads an address that a peer sent.</summary>
    /// <param name="type">The type byte.</param>
    /// <param name="text">The text: at most 2048 bytes of printable ASCII without blanks; it may be empty.</param>
    /// <exception cref="TlmspException"><see cref="Misbehaviour.BadAddress"/>.</exception>
    /// <remarks>Whether the address can be dialled is another question: see <see cref="TryGetEndPoint"/>.</remarks>
    public static TlmspAddress FromWire(TlmspAddressType type, ReadOnlySpan<byte> text)
    {
        if (type > TlmspAddressType.Mac)
        {
            throw new TlmspException(Misbehaviour.BadAddress, $"type {(byte)type}");
        }

        if (text.Length > TlmspDialect.MaxAddressLength)
        {
            throw new TlmspException(Misbehaviour.BadAddress, $"{text.Length} bytes");
        }

        // NUL ends the string in C stacks, control characters forge log lines, and non-ASCII invites look-alikes.
        int odd = text.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        if (odd >= 0)
        {
            throw new TlmspException(Misbehaviour.BadAddress, $"byte 0x{text[odd]:x2} at {odd}");
        }

        return new TlmspAddress(type, Encoding.ASCII.GetString(text));
    }

    /// <summary>Where to connect to.</summary>
    /// <param name="host">A host name or an IP address (IPv6 without brackets).</param>
    /// <param name="port">The port of a URL, else 443.</param>
    /// <returns>
    /// False for MAC addresses and for everything that different parsers read differently: userinfo, non-ASCII, abbreviated or
    /// octal IPv4, an empty host or label, a bad port.
    /// </returns>
    public bool TryGetEndPoint([NotNullWhen(true)] out string? host, out int port) =>
        AddressText.TryReadEndPoint(Type, Text, out host, out port, out _);

    /// <inheritdoc/>
    public bool Equals(TlmspAddress other) => Type == other.Type && string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is TlmspAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Text.GetHashCode(StringComparison.Ordinal));

    /// <summary>Same type and same bytes.</summary>
    public static bool operator ==(TlmspAddress left, TlmspAddress right) => left.Equals(right);

    /// <summary>Another type or other bytes.</summary>
    public static bool operator !=(TlmspAddress left, TlmspAddress right) => !left.Equals(right);

    /// <summary>The text as on the wire.</summary>
    public override string ToString() => Text;

    private static bool TryParse(string? text, out TlmspAddress address, out string? problem)
    {
        address = default;
        if (text is null)
        {
            problem = "there is no text.";
            return false;
        }

        string url = text.Contains("://", StringComparison.Ordinal) ? text : DefaultScheme + Bracketed(text);
        problem = WireProblem(url);
        if (problem is not null || !AddressText.TryReadEndPoint(TlmspAddressType.Url, url, out _, out _, out problem))
        {
            return false;
        }

        address = new TlmspAddress(TlmspAddressType.Url, url);
        return true;
    }

    // A bare IPv6 literal has no port, so brackets are the only thing it lacks.
    private static string Bracketed(string text) => AddressText.IsIPv6(text) ? $"[{text}]" : text;

    private static string? WireProblem(string text)
    {
        int odd = text.AsSpan().IndexOfAnyExceptInRange('!', '~');
        return odd >= 0 ? $"character U+{(int)text[odd]:X4} is not allowed (write international names in their xn-- form)."
            : text.Length > TlmspDialect.MaxAddressLength ? $"it is longer than {TlmspDialect.MaxAddressLength} bytes."
            : null;
    }

    // For messages: a hostile text must not fill or forge a log line.
    private static string Printable(string text)
    {
        ReadOnlySpan<char> start = text.AsSpan(0, Math.Min(text.Length, 128));
        return string.Create(start.Length, start, static (to, from) =>
        {
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = from[i] is >= ' ' and <= '~' ? from[i] : '?';
            }
        });
    }
}
