using System.Net;
using System.Net.Http;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>An <see cref="HttpMessageHandler"/> that speaks TLMSP: <c>new HttpClient(new TlmspHandler(tlmsp =&gt; …))</c>.</summary>
public sealed class TlmspHandler : DelegatingHandler
{
    private readonly PlainTlsFallback _fallback;
    private readonly TlmspHttpOptions _options;

    /// <summary>Makes a handler.</summary>
    /// <param name="configure">The options.</param>
    /// <param name="configureHandler">Changes the handler underneath, for example its timeouts and limits.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says how to fix them.</exception>
    public TlmspHandler(Action<TlmspHttpOptions>? configure = null, Action<SocketsHttpHandler>? configureHandler = null)
        : this(Made.Make(configure, configureHandler))
    {
    }

    private TlmspHandler(Made made)
        : base(made.Inner)
    {
        _fallback = made.Fallback;
        _options = made.Options;
    }

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
        catch (HttpRequestException e) when (MappingFault(e) is { } fault)
        {
            throw new HttpRequestException(HttpRequestError.InvalidResponse, fault.Message, e);
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
        catch (HttpRequestException e) when (MappingFault(e) is { } fault)
        {
            throw new HttpRequestException(HttpRequestError.InvalidResponse, fault.Message, e);
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

    /// <summary>HTTP of the other side that breaks the mapping, such as content in the wrong context: that is what the caller should read.</summary>
    private static HttpMappingException? MappingFault(Exception? e)
    {
        while (e is not (null or HttpMappingException))
        {
            e = e.InnerException;
        }

        return (HttpMappingException?)e;
    }

    /// <summary>SocketsHttpHandler makes a connection error of whatever its callback throws, and that an inner exception.</summary>
    private static bool IsAboutVersion(HttpRequestException e) =>
        e.InnerException is HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError };

    private static HttpRequestException Unwrap(HttpRequestException e) =>
        new(HttpRequestError.VersionNegotiationError, e.InnerException!.Message, e);

    private void Prepare(HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.ThrowUnlessCarried(request);
        RequestRules.KeepFromHttp3(request);
        RequestRules.NameContent(request, _options);
    }

    private readonly record struct Made(SocketsHttpHandler Inner, PlainTlsFallback Fallback, TlmspHttpOptions Options)
    {
        public static Made Make(Action<TlmspHttpOptions>? configure, Action<SocketsHttpHandler>? configureHandler)
        {
            var fallback = new PlainTlsFallback();
            var handler = new SocketsHttpHandler();
            try
            {
                configureHandler?.Invoke(handler);
                return new Made(handler, fallback, SocketsHttpHandlerTlmspExtensions.UseTlmsp(handler, configure, fallback));
            }
            catch
            {
                handler.Dispose();
                throw;
            }
        }
    }
}
