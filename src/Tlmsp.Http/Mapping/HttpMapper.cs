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
    /// <param name="middleboxes">Who is on the path, and what each may do.</param>
    /// <param name="audit">Hears where messages end.</param>
    /// <param name="allowResizing">Whether those who may write the content that this side sends may resize it.</param>
    public static HttpMapper Create(
        HttpProfile profile, HttpDirection receives, HttpMappingMode mode, HttpFramerLimits limits,
        IReadOnlyList<TlmspPathMiddlebox> middleboxes, HttpAuditTrail audit, bool allowResizing)
    {
        HttpDirection sends = receives.Opposite();
        byte[] resizable = !allowResizing ? []
            : [.. profile.ContentIdsIn(sends).Where(id => middleboxes.Any(middlebox => middlebox.Grant[id] == TlmspAccess.Write))];
        if (profile.Version == HttpWireVersion.Http2)
        {
            var streams = new Http2Streams();
            bool mayBeEdited = receives == HttpDirection.Response && Http2Rights.AnyWritesContent(profile, receives, middleboxes);
            Http2ContentLengths? lengths = mayBeEdited ? new Http2ContentLengths() : null;
            audit.HasEnded = stream => streams.HasEnded(receives, stream);
            bool stateless = middleboxes.Any(middlebox => Http2Rights.NeedsStatelessCompression(profile, middlebox.Grant));
            return new HttpMapper(
                new Http2Splitter(sends, streams, profile, limits, stateless, lengths, resizable),
                new Http2Joiner(receives, streams, profile, limits, lengths, readsHeads: resizable.Length > 0 && receives == HttpDirection.Request));
        }

        // The reference stack, for which there is another mode, speaks profile two alone.
        mode = profile.Equals(HttpProfile.Two) ? mode : HttpMappingMode.Strict;
        var exchanges = new HttpExchangeQueue();
        return new HttpMapper(
            new HttpSplitter(sends, exchanges, profile, limits, resizable.Length > 0) { ResizableIds = resizable },
            new HttpJoiner(receives, exchanges, mode, limits, profile) { Trail = audit });
    }
}
