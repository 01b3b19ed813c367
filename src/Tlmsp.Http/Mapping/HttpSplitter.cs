namespace Tlmsp.Http;

/// <summary>
/// Cuts an endpoint's own HTTP output into containers (http-mapping §7): each byte in the context of its role, each head in containers
/// of its own, as few containers as possible. Not safe for concurrent use.
/// </summary>
public sealed partial class HttpSplitter : IHttpSplitter
{
    private readonly HttpFramer _framer;
    private readonly byte _headId;
    private readonly byte[] _contentIds;
    private readonly ContainerPacker _packer = new();

    /// <summary>Makes a splitter for one direction of one connection.</summary>
    /// <param name="direction">What the output consists of.</param>
    /// <param name="exchanges">Shared with the joiner of the same connection.</param>
    /// <param name="profile">The contexts; default profile two.</param>
    /// <param name="limits">Bounds; our own output is held to them as well.</param>
    /// <param name="resizable">
    /// True when somebody may resize content on its way: Content-Length is replaced by chunks then, where the message and its receiver are
    /// HTTP/1.1 and there is content (http-mapping §4).
    /// </param>
    public HttpSplitter(
        HttpDirection direction, HttpExchangeQueue exchanges, HttpProfile? profile = null, HttpFramerLimits? limits = null,
        bool resizable = false)
    {
        profile ??= HttpProfile.Two;
        _exchanges = exchanges;
        _limits = limits ?? HttpFramerLimits.Default;
        _headId = profile.IdOf(direction, HttpRole.Head);
        _contentIds = profile.ContentIdsIn(direction);
        _tunnelId = profile.Has(HttpRole.Tunnel) ? profile.IdOf(direction, HttpRole.Tunnel) : (byte)0;
        _secretId = profile.Secrets is null ? _headId : profile.IdOf(direction, HttpRole.Secret);
        _framer = new HttpFramer(direction, exchanges, _limits)
        {
            AllowUnsolicitedResponse = direction == HttpDirection.Response,
            AllowTunnels = profile.Has(HttpRole.Tunnel),
            RefuseUpgrades = direction == HttpDirection.Request,
            AllowUntilEnd = direction == HttpDirection.Response,
            Secrets = profile.Secrets,
            Contents = profile.Contents,
        };
        if (profile.Secrets is not null || resizable)
        {
            _editor = new HttpHeadEditor(resizable);
        }
    }

    /// <summary>True between messages.</summary>
    public bool IsAtMessageBoundary => _framer.IsAtBoundary;

    /// <summary>How many messages were written whole, interim responses (1xx) not counted.</summary>
    public long MessageNumber { get; private set; }

    /// <summary>The content contexts in which somebody may resize content; null for all.</summary>
    internal IReadOnlyCollection<byte>? ResizableIds { get; init; }

    /// <summary>Where the content of the message at hand travels.</summary>
    private byte ContentId => _contentIds[_framer.ContentIndex];

    /// <summary>Takes output; emits what fills containers or ends a head.</summary>
    /// <exception cref="HttpMappingException">The output cannot be mapped: nothing more must be sent on this connection.</exception>
    public void Write(ReadOnlySpan<byte> data, IHttpContainerSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        while (!data.IsEmpty)
        {
            if (_framer.IsTunnel)
            {
                WriteTunnel(data, sink);
                return;
            }

            if (IsHttp10ResponseDue)
            {
                _editor ??= new HttpHeadEditor(holdsLength: false);
            }

            int taken = _framer.Consume(data, out HttpPiece piece);
            if (_editor is not null)
            {
                Edit(piece, data[..taken], sink);
            }
            else
            {
                _packer.Append(piece.Role == HttpRole.Head ? _headId : ContentId, data[..taken], sink);
            }

            if (piece.MessageComplete && !_framer.WasInterim)
            {
                MessageNumber++;
            }

            if (piece.HeadComplete || piece.MessageComplete)
            {
                Flush(sink);
            }

            data = data[taken..];
        }
    }

    /// <summary>Emits what is pending, so that everything written can be sent.</summary>
    public void Flush(IHttpContainerSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        _packer.Flush(sink);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        _packer.Dispose();
        _editor?.Dispose();
        _held?.Dispose();
    }
}
