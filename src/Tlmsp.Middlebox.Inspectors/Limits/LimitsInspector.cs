using System.Globalization;
using System.Threading.RateLimiting;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Bounds the content of messages and the rate of requests of one connection.</summary>
internal sealed class LimitsInspector : ITlmspInspector, IDisposable
{
    private const int MostHeld = 64 * 1024;
    private const int MostHeldOverHttp2 = 32 * 1024;    // what comes next still fits the smallest window (RFC 9113 §6.9.2)
    private readonly LimitsOptions _options;
    private readonly TokenBucketRateLimiter? _rate;

    public LimitsInspector(LimitsOptions options)
    {
        _options = options;
        // Without a timer of its own: the bucket is filled by the time that has passed when somebody asks.
        _rate = options.RequestsPerSecond is { } rate
            ? new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
            {
                AutoReplenishment = false,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                TokensPerPeriod = rate,
                TokenLimit = options.Burst ?? rate,
            })
            : null;
    }

    public IReadOnlyList<InspectorNeedsAttribute> Needs =>
    [
        .. Sized(HttpDirection.Request, _options.MaxRequestContent),
        .. Sized(HttpDirection.Response, _options.MaxResponseContent),
        .. _rate is null ? (InspectorNeedsAttribute[])[] : [new(HttpDirection.Request, HttpRole.Head, TlmspAccess.Read)],
        .. Denial.Needs(_options.OnDeny),
    ];

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) => new(Head(message));

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        // Counted here, as ContentPart may be ahead of what is shown. What is held back is shown again.
        bool isHeld = IsHeld(message);
        long length = (!isHeld && message.Items.TryGetValue(this, out object? counted) ? (long)counted! : 0) + content.Memory.Length;
        message.Items[this] = length;
        return new(length <= (Most(message) ?? long.MaxValue) ? (isHeld ? InspectionVerdict.Hold : default)
            : isHeld ? Denial.Deny(_options.OnDeny, message, 413, TooLong(message, $"at least {length}"))
            : InspectionVerdict.Close(TooLong(message, $"at least {length}")));
    }

    public void Dispose() => _rate?.Dispose();

    private InspectionVerdict Head(InspectedMessage message)
    {
        if (_rate is not null && message.Direction == HttpDirection.Request)
        {
            _rate.TryReplenish();
            using RateLimitLease lease = _rate.AttemptAcquire();
            if (!lease.IsAcquired)
            {
                return Denial.Deny(
                    _options.OnDeny, message, 429, $"more than {_options.RequestsPerSecond} requests per second (RequestsPerSecond)",
                    new HttpField("Retry-After", "1"));
            }
        }

        // A response to HEAD, or 304, says the length of what it does not bring (RFC 9110 §8.6).
        bool hasContent = message.Direction == HttpDirection.Request
            || (message.Head!.StatusCode != 304 && message.Request?.Head?.Method != "HEAD");
        return hasContent && Most(message) is { } most && message.Head!["Content-Length"] is { } length
            && (!long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out long announced) || announced > most)
                ? Denial.Deny(_options.OnDeny, message, 413, TooLong(message, length))
                : IsHeld(message) ? InspectionVerdict.Hold : default;
    }

    /// <summary>
    /// Whether to wait with the head for the end of content that announces no length, so that there can still be an answer. A middlebox
    /// that may write content is sent it in chunks, or without a length (http-mapping §4).
    /// </summary>
    private bool IsHeld(InspectedMessage message) => _options.OnDeny == DenyAction.Respond && message.Head is { } head
        && (message.StreamId == 0
            ? head["Transfer-Encoding"] is not null && Most(message) <= MostHeld
            : head["Content-Length"] is null && Most(message) <= MostHeldOverHttp2)
        && (message.Direction == HttpDirection.Request || message.Request is not null);

    private long? Most(InspectedMessage message) =>
        message.Direction == HttpDirection.Request ? _options.MaxRequestContent : _options.MaxResponseContent;

    private string TooLong(InspectedMessage message, string length)
    {
        string option = message.Direction == HttpDirection.Request
            ? nameof(LimitsOptions.MaxRequestContent)
            : nameof(LimitsOptions.MaxResponseContent);
        return $"content of {length} bytes is more than {Most(message)} ({option})";
    }

    /// <summary>Heads as well: over HTTP/1.1 they alone tell messages and framing from content.</summary>
    private static InspectorNeedsAttribute[] Sized(HttpDirection direction, long? most) => most is null ? [] :
        [new(direction, HttpRole.Head, TlmspAccess.Read), new(direction, HttpRole.Content, TlmspAccess.Read)];
}
