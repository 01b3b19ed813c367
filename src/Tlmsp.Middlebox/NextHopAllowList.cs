using System.Diagnostics.CodeAnalysis;

namespace Tlmsp.Middlebox;

/// <summary>The hosts that a middlebox connects to. Clients name the next hop, so everything that is not listed is refused.</summary>
public sealed class NextHopAllowList
{
    private readonly HashSet<(string Host, int Port)> _allowed = [];

    /// <summary>True when no next hop is allowed.</summary>
    public bool IsEmpty => _allowed.Count == 0;

    /// <summary>Allows a server or the next middlebox.</summary>
    /// <param name="address">Host and port, such as <c>orders.example:5001</c>.</param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    public NextHopAllowList Allow(string address)
    {
        TlmspAddress.Parse(address).TryGetEndPoint(out string? host, out int port);
        _allowed.Add((host!.ToUpperInvariant(), port));
        return this;
    }

    /// <summary>Finds out whether an address is allowed, and where it is.</summary>
    public bool TryGet(TlmspAddress address, [NotNullWhen(true)] out string? host, out int port)
    {
        return address.TryGetEndPoint(out host, out port) && _allowed.Contains((host.ToUpperInvariant(), port));
    }
}
