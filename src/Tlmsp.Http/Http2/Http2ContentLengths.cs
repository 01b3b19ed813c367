using System.Text;

namespace Tlmsp.Http;

/// <summary>
/// Holds responses to the length that their heads announce (http-mapping §6 A12). HttpClient does not over HTTP/2, so whoever may write
/// content could end it early. Costs the decoding of all field blocks, and is used only where somebody may. Kestrel checks requests itself.
/// </summary>
internal sealed class Http2ContentLengths
{
    private readonly Dictionary<int, long> _remaining = [];
    private readonly Lock _lock = new();
    private readonly HashSet<int> _headRequests = [];

    /// <summary>A head of the client's own.</summary>
    public void OnSent(HttpHead request)
    {
        if (request.Method == "HEAD")
        {
            lock (_lock)
            {
                _headRequests.Add(request.StreamId);
            }
        }
    }

    /// <summary>A run of bytes of the server's responses.</summary>
    /// <exception cref="HttpMappingException">More content, or less, than was announced.</exception>
    public void OnReceived(in Http2Frame frame, Http2Piece piece, ReadOnlySpan<byte> bytes)
    {
        int streamId = (int)frame.StreamId;
        if (piece.Kind == Http2PieceKind.Content && _remaining.TryGetValue(streamId, out long remaining))
        {
            _remaining[streamId] = remaining >= bytes.Length
                ? remaining - bytes.Length
                : throw new HttpMappingException("more content than the head announces", HttpRole.Content);
        }

        if (piece is { FrameComplete: true, Kind: not Http2PieceKind.Preface })
        {
            if (frame is { Type: Http2FrameType.Data, EndsStream: true })
            {
                End(streamId, HttpRole.Content);
            }
            else if (frame.Type == Http2FrameType.RstStream)
            {
                _remaining.Remove(streamId);
            }
        }
    }

    /// <summary>A head or trailer section of the server's.</summary>
    /// <exception cref="HttpMappingException">The length is malformed, or the stream ends before it.</exception>
    public void OnHead(HttpHead head, bool isTrailers, bool endsStream)
    {
        if (!isTrailers && head.StatusCode >= 200)
        {
            bool isHead;
            lock (_lock)
            {
                isHead = _headRequests.Remove(head.StreamId);
            }

            long? length = isHead || head.StatusCode is 204 or 304 ? 0 : Announced(head);
            if (length is not null)
            {
                _remaining[head.StreamId] = length.Value;
            }
        }

        if (endsStream)
        {
            End(head.StreamId, HttpRole.Head);
        }
    }

    private void End(int streamId, HttpRole role)
    {
        if (_remaining.Remove(streamId, out long remaining) && remaining > 0)
        {
            throw new HttpMappingException("less content than the head announces", role);
        }
    }

    private static long? Announced(HttpHead head)
    {
        long? announced = null;
        foreach (HttpField field in head.Fields.Where(field => field.Name == "content-length"))
        {
            announced = announced is null && HttpSyntax.TryParseLength(Encoding.Latin1.GetBytes(field.Value), out long length)
                ? length
                : throw new HttpMappingException("content-length that is malformed or comes twice");
        }

        return announced;
    }
}
