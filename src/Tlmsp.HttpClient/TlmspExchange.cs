using System.Net.Http;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>
/// Finds out over which connection a request went, and as which of its messages: the connection's stream is written to by the flow of
/// execution that sends the request. A request that is sent again (redirects, retries) is where it was sent last.
/// </summary>
internal sealed class TlmspExchange : IDisposable
{
    private static readonly HttpRequestOptionsKey<TlmspExchange> s_key = new("Tlmsp.Exchange");
    private static readonly AsyncLocal<TlmspExchange?> s_current = new();
    private readonly TlmspExchange? _outer = s_current.Value;
    private volatile Found? _found;

    public TlmspSessionInfo? Session => _found?.Session;

    public HttpMessageAudit? Response => _found?.Response;

    /// <summary>Dispose of it when the response is there.</summary>
    public static TlmspExchange Begin(HttpRequestMessage request)
    {
        var exchange = new TlmspExchange();
        request.Options.Set(s_key, exchange);
        s_current.Value = exchange;
        return exchange;
    }

    /// <summary>The exchange of a request; null when none was begun.</summary>
    public static TlmspExchange? Of(HttpRequestMessage? request) =>
        request is not null && request.Options.TryGetValue(s_key, out TlmspExchange? exchange) ? exchange : null;

    /// <summary>The first byte of a request is about to be sent.</summary>
    public static void OnRequestStarting(TlmspHttpStream stream, long number)
    {
        if (s_current.Value is { } exchange)
        {
            exchange._found = new Found(stream.Session.Info, stream.Audit.Of(number));
        }
    }

    public void Dispose() => s_current.Value = _outer;

    private sealed record Found(TlmspSessionInfo Session, HttpMessageAudit Response);
}
