using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>The middleboxes that a client puts on its paths, nearest to it first.</summary>
public sealed class MiddleboxPath
{
    private readonly List<TlmspMiddlebox> _items = [];

    /// <summary>The list.</summary>
    public IReadOnlyList<TlmspMiddlebox> Items => _items;

    /// <summary>Adds the next middlebox.</summary>
    /// <param name="address">The address it is configured with, such as <c>waf.example:7001</c>; the first one is where the client connects.</param>
    /// <param name="grant">What it may read or write.</param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    public MiddleboxPath Add(string address, Grant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        _items.Add(new TlmspMiddlebox(TlmspAddress.Parse(address), grant));
        return this;
    }
}

/// <summary>Options of outbound connections.</summary>
public sealed class TlmspHttpOptions
{
    /// <summary>The middleboxes on the path. Default: none.</summary>
    public MiddleboxPath Middleboxes { get; } = new();

    /// <summary>How the certificates of server and middleboxes are checked.</summary>
    public CertificateTrust Trust { get; } = new();

    /// <summary>Name that the server's certificate must match and that is sent as SNI. Default: the host of the request's URI.</summary>
    public string? ServerName { get; set; }

    /// <summary>True to have every container carry a trail of the entities it passed. Default false.</summary>
    public bool Audited { get; set; }

    /// <summary>How strictly responses are held to their contexts.</summary>
    public HttpMappingMode Mapping { get; set; } = HttpMappingMode.Strict;

    /// <summary>Bounds on heads and framing.</summary>
    public HttpFramerLimits HttpLimits { get; set; } = HttpFramerLimits.Default;

    /// <summary>Time for the handshake after the connection stands; more than zero, or <see cref="Timeout.InfiniteTimeSpan"/>. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>See <see cref="TlmspOptions.AllowReferenceMiddleboxes"/>.</summary>
    public bool AllowReferenceMiddleboxes { get; set; }

    /// <summary>
    /// File that the keys of every connection are appended to, so that captures can be decoded: see <see cref="TlmspKeyLog"/>. For debugging
    /// only; default null. A client of <c>IHttpClientFactory</c> logs a warning on its first use when it is set.
    /// </summary>
    public string? KeyLogFile { get; set; }

    /// <summary>Key exchange groups in order of preference.</summary>
    public IList<KeyExchangeGroup> Groups { get; set; } = [.. KeyExchangeGroup.Default];

    /// <summary>Bounds on handshakes.</summary>
    public TlmspLimits Limits { get; set; } = new();

    /// <summary>Called with what was agreed on each new connection.</summary>
    public Action<TlmspSessionInfo>? SessionEstablished { get; set; }

    internal TlmspClientOptions ToClientOptions(string host, int port) => new()
    {
        ServerAddress = TlmspAddress.Parse($"tlmsp://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}"),
        ServerName = ServerName,
        Contexts = [.. HttpContexts.Create(Audited)],
        Middleboxes = [.. Middleboxes.Items],
        Trust = Trust,
        Limits = Limits,
        Groups = Groups,
        AllowReferenceMiddleboxes = AllowReferenceMiddleboxes,
        KeyLog = KeyLogFile is null ? null : TlmspKeyLog.ToFile(KeyLogFile),
    };

    /// <exception cref="ArgumentException">Something is missing or contradictory; the message says how to fix it.</exception>
    internal void Validate()
    {
        if (HandshakeTimeout <= TimeSpan.Zero && HandshakeTimeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentException($"HandshakeTimeout is {HandshakeTimeout}. Set a positive time, or Timeout.InfiniteTimeSpan.");
        }

        if (Mapping == HttpMappingMode.EtsiCurl && Middleboxes.Items.Any(middlebox =>
            middlebox.Grant[HttpContexts.Headers] == TlmspAccess.Write && middlebox.Grant[HttpContexts.Body] != TlmspAccess.Write))
        {
            throw new ArgumentException("The EtsiCurl mapping cannot be used with a middlebox that may write heads but not content. Use HttpMappingMode.Strict.");
        }

        ToClientOptions("localhost", 443).Validate();
    }
}
