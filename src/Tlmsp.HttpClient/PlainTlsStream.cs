using System.Net.Security;

namespace Tlmsp.Client;

/// <summary>A connection of ordinary TLS that <see cref="PlainTlsFallback"/> has made: SocketsHttpHandler takes it for its own.</summary>
internal sealed class PlainTlsStream(TransportStream transport) : SslStream(transport, leaveInnerStreamOpen: false)
{
    private TlmspFallback? _fallback;

    /// <summary>
    /// What the responses to the requests that are sent from now on say; not with HTTP/2, where one flow of execution sends for all.
    /// </summary>
    public void Announce(TlmspFallback fallback) => _fallback = fallback;

    public override void Write(byte[] buffer, int offset, int count)
    {
        OnSending();
        base.Write(buffer, offset, count);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        OnSending();
        base.Write(buffer);
    }

    public override void WriteByte(byte value)
    {
        OnSending();
        base.WriteByte(value);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        OnSending();
        return base.WriteAsync(buffer, offset, count, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        OnSending();
        return base.WriteAsync(buffer, cancellationToken);
    }

    private void OnSending()
    {
        if (_fallback is not null)
        {
            TlmspExchange.OnFallbackSending(_fallback);
        }
    }
}
