namespace Tlmsp.Http;

/// <summary>Makes the observers of the two directions of one connection, and holds what they share.</summary>
/// <param name="profile">The contexts, and the version of HTTP.</param>
/// <param name="grant">What the middlebox may read.</param>
/// <param name="mode">How strict to be over HTTP/1.1.</param>
/// <param name="limits">Bounds.</param>
internal sealed class HttpObservers(HttpProfile profile, Grant grant, HttpMappingMode mode, HttpFramerLimits limits)
{
    /// <summary>The requests that have had no response; null where heads of one direction cannot be read.</summary>
    public HttpExchangeQueue? Exchanges { get; } = Reads(profile, grant, HttpDirection.Request, HttpRole.Head)
        && Reads(profile, grant, HttpDirection.Response, HttpRole.Head) ? new() : null;

    /// <summary>The streams of HTTP/2.</summary>
    public Http2Streams Streams { get; } = new();

    public IHttpMessageObserver For(HttpDirection direction) => profile.Version == HttpWireVersion.Http2
        ? new Http2MessageObserver(direction, Streams, profile, grant, limits)
        : new HttpMessageObserver(
            direction, Exchanges, Reads(profile, grant, direction, HttpRole.Head), Reads(profile, grant, direction, HttpRole.Content),
            profile.Equals(HttpProfile.Two) ? mode : HttpMappingMode.Strict, limits, profile, grant);

    private static bool Reads(HttpProfile profile, Grant grant, HttpDirection direction, HttpRole role) =>
        grant[profile.IdOf(direction, role)] >= TlmspAccess.Read;
}
