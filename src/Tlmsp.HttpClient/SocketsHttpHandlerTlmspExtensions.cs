using Tlmsp;
using Tlmsp.Client;

namespace System.Net.Http;

/// <summary>TLMSP for a <see cref="SocketsHttpHandler"/> and everything that is built on one.</summary>
public static class SocketsHttpHandlerTlmspExtensions
{
    /// <summary>Makes every connection of a handler a TLMSP connection; <c>https</c> URIs stay as they are.</summary>
    /// <remarks>
    /// Use one handler per middlebox policy: connections are pooled by scheme, host and port alone. HTTP/3 does not go through the
    /// connection callback and must not be requested through the bare handler; <see cref="TlmspHandler"/> takes care of that.
    /// </remarks>
    /// <param name="handler">A handler that has not been used yet.</param>
    /// <param name="configure">The options.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says how to fix them.</exception>
    /// <exception cref="InvalidOperationException">The handler has a proxy, a callback or TLS options that TLMSP would bypass.</exception>
    public static SocketsHttpHandler UseTlmsp(this SocketsHttpHandler handler, Action<TlmspHttpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var options = new TlmspHttpOptions();
        configure?.Invoke(options);
        options.Validate();
        if (handler.Proxy is not null)
        {
            throw new InvalidOperationException("UseTlmsp: a proxy is set on the handler, which would run plain TLS through it. Remove the proxy.");
        }

        if (handler.ConnectCallback is not null || handler.PlaintextStreamFilter is not null)
        {
            throw new InvalidOperationException("UseTlmsp: the handler has a ConnectCallback or PlaintextStreamFilter already. Use a handler of its own for TLMSP.");
        }

        if (handler.SslOptions.RemoteCertificateValidationCallback is not null || handler.SslOptions.ClientCertificates is { Count: > 0 })
        {
            throw new InvalidOperationException("UseTlmsp: SslOptions of the handler have no effect on TLMSP. Set tlmsp.Trust instead.");
        }

        // The system's proxy would be a silent way around.
        handler.UseProxy = false;
        var connections = new TlmspConnections(options);
        handler.ConnectCallback = connections.ConnectAsync;
        handler.PlaintextStreamFilter = connections.FilterAsync;
        return handler;
    }
}
