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
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prepare(request);
        using IDisposable exchange = TlmspExchange.Begin(request);
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
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
        using IDisposable exchange = TlmspExchange.Begin(request);
        try
        {
            return base.Send(request, cancellationToken);
        }
        catch (HttpRequestException e) when (IsAboutVersion(e))
        {
            throw Unwrap(e);
        }
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

    /// <summary>SocketsHttpHandler makes connection errors of all that its callback throws, and what the callback said an inner exception.</summary>
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
