namespace Tlmsp.Http;

/// <summary>The two machines of an endpoint's connection.</summary>
/// <param name="Splitter">For what it sends.</param>
/// <param name="Joiner">For what it receives.</param>
internal readonly record struct HttpMapper(IHttpSplitter Splitter, IHttpJoiner Joiner)
{
    /// <summary>Makes the pair for the profile and version that the handshake agreed on.</summary>
    /// <param name="profile">The profile, which includes the version.</param>
    /// <param name="receives">What this side reads: requests at a server, responses at a client.</param>
    /// <param name="mode">How strict to be with what arrives; profiles other than two are always strict.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="resizable">Whether a middlebox may resize the content that this side sends.</param>
    /// <exception cref="NotSupportedException">There is no mapping for the version.</exception>
    public static HttpMapper Create(HttpProfile profile, HttpDirection receives, HttpMappingMode mode, HttpFramerLimits limits, bool resizable)
    {
        HttpDirection sends = receives == HttpDirection.Request ? HttpDirection.Response : HttpDirection.Request;
        if (profile.Version != HttpWireVersion.Http11)
        {
            throw new NotSupportedException($"Profile {profile} cannot be used: HTTP/2 is not mapped.");
        }

        // The reference stack, for which there is another mode, speaks profile two alone.
        mode = profile.Equals(HttpProfile.Two) ? mode : HttpMappingMode.Strict;
        var exchanges = new HttpExchangeQueue();
        return new HttpMapper(
            new HttpSplitter(sends, exchanges, profile, limits, resizable),
            new HttpJoiner(receives, exchanges, mode, limits, profile));
    }
}
