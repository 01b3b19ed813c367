namespace Tlmsp;

/// <summary>The form of an address in the middlebox list (handshake.md §2.2, §8.4).</summary>
public enum TlmspAddressType : byte
{
    /// <summary><c>scheme://host[:port][/path]</c>; the only form that carries a port.</summary>
    Url = 0,
    /// <summary>A host name.</summary>
    Fqdn = 1,
    /// <summary>An IPv4 address in dotted form, as text.</summary>
    IPv4 = 2,
    /// <summary>An IPv6 address without brackets, as text.</summary>
    IPv6 = 3,
    /// <summary>A MAC address; it names a party but cannot be dialled.</summary>
    Mac = 4,
}
