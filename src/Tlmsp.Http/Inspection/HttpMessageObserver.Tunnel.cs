namespace Tlmsp.Http;

/// <summary>Tunnels: from their first container on there is no HTTP in their direction.</summary>
public sealed partial class HttpMessageObserver
{
    private readonly HttpExchangeQueue? _exchanges;
    private HttpTunnelBlocks _tunnel;
    private bool _isTunnel;

    /// <returns>True for a container of a tunnel in its place; false where it is one of a message.</returns>
    /// <exception cref="HttpMappingException">It is neither, as far as this box can tell.</exception>
    private bool EnterTunnel(HttpRole role, IHttpMessageEvents events)
    {
        bool isDue = _isTunnel || _framer is { IsTunnel: true };
        if (role != HttpRole.Tunnel)
        {
            return !isDue ? false : throw new HttpMappingException($"{role} bytes where a tunnel was opened", role);
        }

        // Where one direction alone can be read, nothing says which response opened it.
        if (!isDue && (_exchanges is not null || _framer is { IsAtBoundary: false }))
        {
            throw new HttpMappingException("bytes of a tunnel that no response has opened", role);
        }

        if (!_isTunnel)
        {
            _isTunnel = true;
            EndMessage(events);
        }

        return true;
    }

    private void OnTunnel(ReadOnlySpan<byte> plaintext, IHttpMessageEvents events)
    {
        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            rest = rest[_tunnel.Consume(rest, out ReadOnlySpan<byte> data)..];
            if (!data.IsEmpty)
            {
                events.OnTunnel(data);
            }
        }
    }
}
