using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// Puts containers together into the HTTP stream that an endpoint reads, and refuses every byte that is not in the context of its role
/// (http-mapping §7, §12). Not safe for concurrent use.
/// </summary>
public sealed partial class HttpJoiner : IHttpJoiner
{
    private readonly HttpFramer _framer;
    private readonly HttpExchangeQueue _exchanges;
    private readonly HttpMappingMode _mode;
    private readonly HttpSecretGuard? _guard;
    private readonly byte[]? _contentIds;       // where content contexts have names
    private long _offset;

    /// <summary>Makes a joiner for one direction of one connection.</summary>
    /// <param name="direction">What arrives.</param>
    /// <param name="exchanges">Shared with the splitter of the same connection.</param>
    /// <param name="mode">How strict to be.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="profile">The contexts; default profile two.</param>
    public HttpJoiner(
        HttpDirection direction, HttpExchangeQueue exchanges, HttpMappingMode mode = HttpMappingMode.Strict, HttpFramerLimits? limits = null,
        HttpProfile? profile = null)
    {
        _framer = new HttpFramer(direction, exchanges, limits ?? HttpFramerLimits.Default)
        {
            Secrets = profile?.Secrets,
            Contents = profile?.Contents,
            HoldsResponses = direction == HttpDirection.Response,
            AllowTunnels = profile?.Has(HttpRole.Tunnel) ?? false,
        };
        _contentIds = profile?.Contents is null ? null : profile.ContentIdsIn(direction);
        _guard = profile?.Secrets is null ? null : new HttpSecretGuard(_framer);
        _exchanges = exchanges;
        _mode = mode;
    }

    /// <inheritdoc/>
    public long MessageNumber { get; private set; }

    /// <summary>Hears where messages end.</summary>
    internal HttpAuditTrail? Trail { get; init; }

    /// <inheritdoc/>
    public bool IsAtMessageBoundary => _framer.IsTunnel ? _tunnel.HasEnded : _framer.IsAtBoundary;

    /// <inheritdoc/>
    public bool IsEndPremature => !IsAtMessageBoundary || (_framer.Direction == HttpDirection.Response && _exchanges.IsFirstResponseDue);

    /// <inheritdoc/>
    public void Accept(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined)
    {
        ArgumentNullException.ThrowIfNull(joined);
        if (plaintext.IsEmpty)
        {
            return;     // a flood of them is the record layer's affair (http-mapping §6 A10)
        }

        if (_framer.IsTunnel)
        {
            AcceptTunnel(role, plaintext, joined);
            return;
        }

        for (ReadOnlySpan<byte> rest = plaintext; !rest.IsEmpty;)
        {
            if (_guard is null || !_guard.Enter(role))
            {
                CheckRole(role);
                CheckContent(role, contextId);
            }

            if (_framer.ExpectedRole is null)
            {
                CheckTrailerStart(role, rest[0]);
            }

            int taken = _framer.Consume(rest, out HttpPiece piece);
            _guard?.Leave(role, piece);
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

    /// <inheritdoc/>
    public HttpMessagePart PartOf(HttpRole role) => role == HttpRole.Content ? HttpMessagePart.Content
        : role == HttpRole.Tunnel ? HttpMessagePart.Tunnel
        : _framer.IsInTrailers ? HttpMessagePart.Trailers
        : HttpMessagePart.Head;

    /// <inheritdoc/>
    public void AcceptTouched(
        HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined, ICollection<long> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        long number = _framer.IsTunnel ? MessageNumber - 1 : MessageNumber;     // a tunnel belongs to the exchange that opened it
        messages.Add(number);
        Accept(role, contextId, plaintext, joined);

        // It may hold the heads of several messages, which is theirs all.
        long last = _framer.IsAtBoundary || _framer.IsTunnel ? MessageNumber - 1 : MessageNumber;
        while (++number <= last)
        {
            messages.Add(number);
        }
    }

    /// <inheritdoc/>
    public void Deleted(string middlebox, HttpRole role)
    {
        if (!_framer.IsAtBoundary)
        {
            throw new HttpMappingException($"a part of a message was removed by {middlebox}", role);
        }
    }

    /// <inheritdoc/>
    public void EndOfInput()
    {
        if (IsEndPremature)
        {
            throw new HttpMappingException(
                _framer.IsTunnel ? "the connection ended inside a tunnel, without its end mark"
                : _framer.IsAtBoundary ? "the connection ended before a response"
                : "the connection ended inside a message");
        }
    }

    private void CheckRole(HttpRole role)
    {
        if (_framer.ExpectedRole is { } expected && expected != role && !(_mode == HttpMappingMode.EtsiCurl && role == HttpRole.Head))
        {
            throw new HttpMappingException($"{expected} bytes are due, and the container is in the {role} context", role);
        }
    }

    /// <summary>Content travels where its head says, whoever wrote it.</summary>
    private void CheckContent(HttpRole role, byte contextId)
    {
        if (role == HttpRole.Content && _contentIds is not null && contextId != _contentIds[_framer.ContentIndex])
        {
            throw new HttpMappingException($"content in context {contextId}, and its head says {_contentIds[_framer.ContentIndex]}", contextId);
        }
    }

    /// <summary>After the last chunk a CR means "no trailers" and belongs to the content, anything else is trailers and belongs to the head.</summary>
    private void CheckTrailerStart(HttpRole role, byte first)
    {
        HttpRole due = first == '\r' ? HttpRole.Content : HttpRole.Head;
        if (due != role && !(_mode == HttpMappingMode.EtsiCurl && role == HttpRole.Head))
        {
            throw new HttpMappingException(
                role == HttpRole.Content ? "trailer fields in the content context" : "chunk framing in the head context", role);
        }

        if (_framer.TrailersAnnounced && role == HttpRole.Content)
        {
            throw new HttpMappingException("the head announced trailers, and there are none", role);
        }
    }
}
