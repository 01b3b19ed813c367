using System.Net;
using System.Net.Http;

namespace Tlmsp.Client;

/// <summary>An <see cref="HttpMessageHandler"/> that speaks TLMSP: <c>new HttpClient(new TlmspHandler(tlmsp =&gt; …))</c>.</summary>
public sealed class TlmspHandler : DelegatingHandler
{
    private readonly PlainTlsFallback _fallback;

    /// <summary>Makes a handler.</summary>
    /// <param name="configure">The options.</param>
    /// <param name="configureHandler">Changes the handler underneath, for example its timeouts and limits.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says how to fix them.</exception>
    public TlmspHandler(Action<TlmspHttpOptions>? configure = null, Action<SocketsHttpHandler>? configureHandler = null)
        : this(new PlainTlsFallback(), configure, configureHandler)
    {
    }

    private TlmspHandler(PlainTlsFallback fallback, Action<TlmspHttpOptions>? configure, Action<SocketsHttpHandler>? configureHandler)
        : base(MakeInner(fallback, configure, configureHandler)) => _fallback = fallback;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prepare(request);
        using TlmspExchange exchange = TlmspExchange.Begin(request);
        try
        {
            return Noted(await base.SendAsync(request, cancellationToken).ConfigureAwait(false), exchange);
        }
        catch (HttpRequestException e) when (IsAboutVersion(e))
        {
            throw Unwrap(e);
        }
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prepare(request);
        using TlmspExchange exchange = TlmspExchange.Begin(request);
        try
        {
            return Noted(base.Send(request, cancellationToken), exchange);
        }
        catch (HttpRequestException e) when (IsAboutVersion(e))
        {
            throw Unwrap(e);
        }
    }

    private static SocketsHttpHandler MakeInner(
        PlainTlsFallback fallback, Action<TlmspHttpOptions>? configure, Action<SocketsHttpHandler>? configureHandler)
    {
        var handler = new SocketsHttpHandler();
        try
        {
            configureHandler?.Invoke(handler);
            return SocketsHttpHandlerTlmspExtensions.UseTlmsp(handler, configure, fallback);
        }
        catch
        {
            handler.Dispose();
            throw;
        }
    }

    /// <summary>With HTTP/2 no byte on the connection says whose it is: what is known of the server stands for it.</summary>
    private HttpResponseMessage Noted(HttpResponseMessage response, TlmspExchange exchange)
    {
        if (response.Version.Major >= 2 && response.RequestMessage?.RequestUri is { } uri)
        {
            if (_fallback.FindHttp2(new DnsEndPoint(uri.IdnHost, uri.Port)) is { } fallback)
            {
                exchange.Set(fallback);
            }
            else
            {
                exchange.Forget();      // a redirect may have come over HTTP/1.1
            }
        }

        return response;
    }

    /// <summary>SocketsHttpHandler makes a connection error of whatever its callback throws, and that an inner exception.</summary>
    private static bool IsAboutVersion(HttpRequestException e) =>
        e.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError };

    private static HttpRequestException Unwrap(HttpRequestException e) =>
        new(HttpRequestError.VersionNegotiationError, e.InnerException!.Message, e);

    private static void Prepare(HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.ThrowUnlessCarried(request);
        RequestRules.KeepFromHttp3(request);
    }
}
