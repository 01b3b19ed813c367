using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Tlmsp.Middlebox;

/// <summary>Connects to next hops.</summary>
internal sealed class NextHopDialer(IMiddleboxTransport transport)
{
    /// <summary>Resolves the host and connects to the first of its addresses that answers.</summary>
    /// <exception cref="SocketException">The host is not known, or none of its addresses can be reached.</exception>
    /// <exception cref="NextHopRefusedException">The name leads to this machine or link, which was not allowed.</exception>
    public async Task<ConnectionContext> ConnectAsync(NextHop nextHop, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = IPAddress.TryParse(nextHop.Host, out IPAddress? literal)
            ? [literal]
            : await transport.ResolveAsync(nextHop.Host, cancellationToken).ConfigureAwait(false);
        if (!nextHop.MayBeLocal && Array.Find(addresses, IsLocal) is { } local)
        {
            // One such answer among others is as suspicious as one alone.
            throw new NextHopRefusedException(
                $"{nextHop.Host} resolves to {local}, an address of this machine or link. "
                + $"If that is meant: NextHops.Allow(\"{nextHop.Host}:{nextHop.Port}\", mayBeLocal: true)");
        }

        SocketException last = new((int)SocketError.HostNotFound);
        foreach (IPAddress address in addresses)
        {
            try
            {
                return await transport.ConnectAsync(new IPEndPoint(address, nextHop.Port), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                last = e;
            }
        }

        throw last;
    }

    private static bool IsLocal(IPAddress address)
    {
        IPAddress ip = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (ip.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return IPAddress.IsLoopback(ip) || ip.IsIPv6LinkLocal || ip.IsIPv6Multicast || ip.Equals(IPAddress.IPv6Any);
        }

        // 0.0.0.0/8 reaches this machine on Linux; 169.254.0.0/16 holds the metadata services of clouds.
        byte[] octets = ip.GetAddressBytes();
        return octets[0] is 0 or 127 or >= 224 || (octets[0] == 169 && octets[1] == 254);
    }
}

/// <summary>A next hop that is listed leads where it may not.</summary>
internal sealed class NextHopRefusedException(string message) : Exception(message);
