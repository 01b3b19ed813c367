namespace Tlmsp.Http;

/// <summary>
/// Which content context each stream's DATA travels in, in one direction of a connection (docs/http-mapping.md, Content contexts per
/// endpoint). Heads share a context, as HPACK compresses them together; only DATA is apart.
/// </summary>
internal sealed class Http2Contents(HttpContentSet contents, HttpDirection direction, Http2Streams streams)
{
    /// <summary>A head came, which is no trailer section.</summary>
    /// <param name="head">The head.</param>
    /// <param name="endsStream">True when there is no content.</param>
    /// <returns>The index of the context that it chooses.</returns>
    /// <exception cref="HttpMappingException">
    /// It chooses a context that there is not, or content of a response another one than its request named.
    /// </exception>
    public int OnHead(HttpHead head, bool endsStream = true)
    {
        int index = contents.IndexIn(head);
        if (direction == HttpDirection.Response && head.StatusCode < 200)
        {
            return index;
        }

        streams.SetContent(direction, (uint)head.StreamId, index);
        if (direction == HttpDirection.Response && !endsStream && streams.ContentOf(HttpDirection.Request, (uint)head.StreamId) is { } request)
        {
            contents.CheckResponse(index, request);
        }

        return index;
    }

    /// <summary>Output for a stream that is not known any more: it must not go where it might not belong.</summary>
    public static HttpMappingException Unknown(in Http2Frame frame) =>
        new($"{frame} on stream {frame.StreamId}, which was reset long ago", HttpRole.Content);
}
