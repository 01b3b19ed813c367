using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// Puts containers together into the HTTP stream that an endpoint reads, and refuses every byte that is not in the context of its role
/// (http-mapping §7, §12). Not safe for concurrent use.
/// </summary>
public sealed class HttpJoiner
{
    private const int MaxEmptyInARow = 32;
    private readonly HttpFramer _framer;
    private readonly HttpExchangeQueue _exchanges;
    private readonly HttpMappingMode _mode;
    private long _offset;
    private int _empty;

    /// <summary>Makes a joiner for one direction of one connection.</summary>
    /// <param name="direction">What arrives.</param>
    /// <param name="exchanges">Shared with the splitter of the same connection.</param>
    /// <param name="mode">How strict to be.</param>
    /// <param name="limits">Bounds.</param>
    public HttpJoiner(
        HttpDirection direction, HttpExchangeQueue exchanges, HttpMappingMode mode = HttpMappingMode.Strict, HttpFramerLimits? limits = null)
    {
        _framer = new HttpFramer(direction, exchanges, limits ?? HttpFramerLimits.Default);
        _exchanges = exchanges;
        _mode = mode;
    }

    /// <summary>
    /// How many messages have arrived whole, interim responses (1xx) not counted: the number of the one that is due or under way.
    /// </summary>
    public long MessageNumber { get; private set; }

    /// <summary>Hears where messages end.</summary>
    internal HttpAuditTrail? Trail { get; init; }

    /// <summary>True between messages.</summary>
    public bool IsAtMessageBoundary => _framer.IsAtBoundary;

    /// <summary>
    /// True when an end of the connection would cut something off: inside a message, or before the first response. Between later messages
    /// it is the ordinary end of a persistent connection (RFC 9112 §9.5).
    /// </summary>
    public bool IsEndPremature => !_framer.IsAtBoundary || (_framer.Direction == HttpDirection.Response && _exchanges.IsFirstResponseDue);

    /// <summary>Takes a container. Its bytes reach <paramref name="joined"/> only when all of them are in place.</summary>
    /// <exception cref="HttpMappingException">The container breaks the mapping; end the connection.</exception>
    public void Accept(HttpRole role, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined)
    {
        ArgumentNullException.ThrowIfNull(joined);
        if (plaintext.IsEmpty)
        {
            if (++_empty > MaxEmptyInARow)
            {
                throw new HttpMappingException($"more than {MaxEmptyInARow} empty containers in a row", role);
            }

            return;
        }

        _empty = 0;
        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            CheckRole(role);
            bool wasTrailerStart = _framer.ExpectedRole is null;
            bool announced = _framer.TrailersAnnounced;
            int taken = _framer.Consume(rest, out HttpPiece piece);
            if (wasTrailerStart)
            {
                CheckTrailerStart(role, piece, announced);
            }

            rest = rest[taken..];
            _offset += taken;
            if (piece.MessageComplete && !_framer.WasInterim)
            {
                MessageNumber++;
                Trail?.OnMessageEnd(_offset);
            }
        }

        joined.Write(plaintext);
    }

    /// <summary>The part of a message that the next container of a role belongs to.</summary>
    internal HttpMessagePart PartOf(HttpRole role) => role == HttpRole.Content ? HttpMessagePart.Content
        : _framer.IsInTrailers ? HttpMessagePart.Trailers
        : HttpMessagePart.Head;

    /// <summary>A middlebox with the right to do so deleted containers: fine between messages, fatal inside one (http-mapping §13).</summary>
    /// <exception cref="HttpMappingException">Part of a message was deleted.</exception>
    public void Deleted(string middlebox, HttpRole role)
    {
        if (!_framer.IsAtBoundary)
        {
            throw new HttpMappingException($"a part of a message was removed by {middlebox}", role);
        }
    }

    /// <summary>The other side will not send any more.</summary>
    /// <exception cref="HttpMappingException">A message is incomplete or the first response is missing: the end of a connection never ends one.</exception>
    public void EndOfInput()
    {
        if (IsEndPremature)
        {
            throw new HttpMappingException(_framer.IsAtBoundary ? "the connection ended before a response" : "the connection ended inside a message");
        }
    }

    private void CheckRole(HttpRole role)
    {
        if (_framer.ExpectedRole is { } expected && expected != role && !(_mode == HttpMappingMode.EtsiCurl && role == HttpRole.Head))
        {
            throw new HttpMappingException($"{expected} bytes are due, and the container is in the {role} context", role);
        }
    }

    /// <summary>After the last chunk a CR means "no trailers" and belongs to the content, anything else is trailers and belongs to the head.</summary>
    private void CheckTrailerStart(HttpRole role, HttpPiece piece, bool announced)
    {
        if (piece.Role != role && !(_mode == HttpMappingMode.EtsiCurl && role == HttpRole.Head))
        {
            throw new HttpMappingException(
                role == HttpRole.Content ? "trailer fields in the content context" : "chunk framing in the head context", role);
        }

        if (announced && role == HttpRole.Content)
        {
            throw new HttpMappingException("the head announced trailers, and there are none", role);
        }
    }
}
