using System.Buffers;

namespace Tlmsp.Http;

/// <summary>What arrives after a response that opened a tunnel.</summary>
public sealed partial class HttpJoiner
{
    private HttpTunnelBlocks _tunnel;

    /// <inheritdoc/>
    public bool IsTunnel => _framer.IsTunnel;

    /// <inheritdoc/>
    public bool HasTunnelEnded => _tunnel.HasEnded;

    private void AcceptTunnel(HttpRole role, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined)
    {
        CheckRole(role);
        Trail?.OnTunnel();
        HttpTunnelBlocks checking = _tunnel;
        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            rest = rest[checking.Consume(rest, out _)..];
        }

        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            rest = rest[_tunnel.Consume(rest, out ReadOnlySpan<byte> data)..];
            joined.Write(data);
        }
    }
}
