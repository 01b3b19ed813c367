namespace Tlmsp.Http;

/// <summary>What the rights of a middlebox mean for the endpoints of an HTTP/2 connection.</summary>
internal static class Http2Rights
{
    /// <summary>
    /// True when fields must be compressed without state (http-mapping §8): a box that changes a field block would have to re-encode all
    /// later ones, and one that reads blocks but not the settings of their receiver cannot follow the table.
    /// </summary>
    public static bool NeedsStatelessCompression(HttpProfile profile, Grant grant) =>
        NeedsStatelessCompression(profile, grant, HttpDirection.Request)
            || NeedsStatelessCompression(profile, grant, HttpDirection.Response);

    /// <summary>True when somebody may write the content of messages in a direction.</summary>
    public static bool AnyWritesContent(HttpProfile profile, HttpDirection direction, IEnumerable<TlmspPathMiddlebox> middleboxes) =>
        middleboxes.Any(middlebox => profile.ContentIdsIn(direction).Any(id => middlebox.Grant[id] > TlmspAccess.Read));

    private static bool NeedsStatelessCompression(HttpProfile profile, Grant grant, HttpDirection direction)
    {
        HttpDirection opposite = direction.Opposite();
        TlmspAccess heads = grant[profile.IdOf(direction, HttpRole.Head)];
        return heads > TlmspAccess.Read
            || (heads == TlmspAccess.Read && grant[profile.IdOf(opposite, HttpRole.Control)] < TlmspAccess.Read);
    }
}
