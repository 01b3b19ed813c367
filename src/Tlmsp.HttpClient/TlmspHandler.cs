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
        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prepare(request);
        using IDisposable exchange = TlmspExchange.Begin(request);
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

    private static void Prepare(HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.ThrowUnlessCarried(request);
        RequestRules.KeepFromHttp3(request);
    }
}
