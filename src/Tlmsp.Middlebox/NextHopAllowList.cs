using System.Net;

namespace Tlmsp.Middlebox;

/// <summary>The hosts that a middlebox connects to. Clients name the next hop, so everything that is not listed is refused.</summary>
/// <remarks>
/// Host names are compared without regard to letter case, ports exactly; IP addresses may be written in any form. What a listed name
/// resolves to is dialled unless it is an address of this machine or link (loopback, link-local, unspecified, multicast), where a forged
/// DNS answer could lead to a service that nobody meant to expose.
/// </remarks>
public sealed class NextHopAllowList
{
    private readonly Dictionary<(string Host, int Port), NextHop> _allowed = [];

    /// <summary>True when no next hop is allowed.</summary>
    public bool IsEmpty => _allowed.Count == 0;

    /// <summary>Allows a server or the next middlebox.</summary>
    /// <param name="address">Host and port, such as <c>orders.example:5001</c>; without a port 443.</param>
    /// <param name="mayBeLocal">
    /// True to dial the host also when its name resolves to an address of this machine or link, such as a sidecar at 127.0.0.1. Not needed
    /// for <c>localhost</c> and for IP addresses: there it is plain what is meant.
    /// </param>
    /// <param name="demand">
    /// What this middlebox must be granted on the way there, in the contexts that a connection has, such as <c>head=r,req-head=r</c>. A
    /// connection with less, or with none of these contexts, is closed before data passes, with alert 172 to both sides. Default: nothing.
    /// </param>
    /// <param name="refuse">
    /// What this middlebox does not want to be granted: a connection that grants that much of a context, or more, is closed before data
    /// passes, with alert 171 to both sides. Default: nothing.
    /// </param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    public NextHopAllowList Allow(string address, bool mayBeLocal = false, Grant? demand = null, Grant? refuse = null)
    {
        TlmspAddress.Parse(address).TryGetEndPoint(out string? host, out int port);
        _allowed[Key(host!, port)] = new NextHop(
            host!, port, mayBeLocal || IsLocalName(host!), new GrantPolicy($"{host}:{port}", demand ?? Grant.None, refuse ?? Grant.None));
        return this;
    }

    /// <summary>What is demanded and refused on the way to each.</summary>
    internal IEnumerable<GrantPolicy> Policies => _allowed.Values.Select(nextHop => nextHop.Policy);

    /// <summary>Finds out whether an address that a client named is allowed.</summary>
    internal bool TryGet(TlmspAddress address, out NextHop nextHop)
    {
        nextHop = default;
        return address.TryGetEndPoint(out string? host, out int port) && _allowed.TryGetValue(Key(host, port), out nextHop);
    }

    private static (string Host, int Port) Key(string host, int port) =>
        (IPAddress.TryParse(host, out IPAddress? ip) ? ip.ToString() : host.ToUpperInvariant(), port);

    /// <summary>Literals, and the names that never leave the machine (RFC 6761 §6.3).</summary>
    private static bool IsLocalName(string host) =>
        IPAddress.TryParse(host, out _)
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A next hop that is allowed.</summary>
/// <param name="Host">Name or IP address.</param>
/// <param name="Port">TCP port.</param>
/// <param name="MayBeLocal">Whether it may be on this machine or link.</param>
/// <param name="Policy">What is demanded and refused on the way there.</param>
internal readonly record struct NextHop(string Host, int Port, bool MayBeLocal, GrantPolicy Policy);
