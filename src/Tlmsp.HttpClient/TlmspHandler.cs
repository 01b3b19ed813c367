using System.Net;
using System.Net.Http;

namespace Tlmsp.Client;

/// <summary>An <see cref="HttpMessageHandler"/> that speaks TLMSP: <c>new HttpClient(new TlmspHandler(tlmsp =&gt; …))</c>.</summary>
public sealed class TlmspHandler : DelegatingHandler
{
    /// <summary>Makes a handler.</summary>
    /// <param name="configure">The options.</param>
    /// <param name="configureHandler">Changes the handler underneath, for example its timeouts and limits.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says how to fix them.</exception>
    public TlmspHandler(Action<TlmspHttpOptions>? configure = null, Action<SocketsHttpHandler>? configureHandler = null)
        : base(MakeInner(configure, configureHandler))
    {
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prepare(request);
        return base.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prepare(request);
        return base.Send(request, cancellationToken);
    }

    private static SocketsHttpHandler MakeInner(Action<TlmspHttpOptions>? configure, Action<SocketsHttpHandler>? configureHandler)
    {
        var handler = new SocketsHttpHandler();
        try
        {
            configureHandler?.Invoke(handler);
            return handler.UseTlmsp(configure);
        }
        catch
        {
            handler.Dispose();
            throw;
        }
    }

    /// <summary>Closes the ways around the connection callback: cleartext, and HTTP/3, also by Alt-Svc.</summary>
    private static void Prepare(HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RequestUri is { IsAbsoluteUri: true } uri && uri.Scheme != Uri.UriSchemeHttps)
        {
            throw new HttpRequestException(HttpRequestError.SecureConnectionError, $"A TLMSP handler takes https URIs only, not '{uri.Scheme}'.");
        }

        if (request.Version.Major >= 3 && request.VersionPolicy == HttpVersionPolicy.RequestVersionExact)
        {
            throw new HttpRequestException(HttpRequestError.VersionNegotiationError, "HTTP/3 runs over QUIC, which TLMSP cannot protect.");
        }

        if (request.Version.Major >= 3 || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        }
    }
}
