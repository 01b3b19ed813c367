using System.Net;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>Options of outbound connections.</summary>
public sealed class TlmspHttpOptions
{
    private TlmspCertificate? _clientCertificate;

    /// <summary>The middleboxes on the path, and those that a server may add to it. Default: none.</summary>
    public MiddleboxPath Middleboxes { get; } = new();

    /// <summary>How the certificates of server and middleboxes are checked.</summary>
    public CertificateTrust Trust { get; } = new();

    /// <summary>
    /// Name that the server's certificate must match and that is sent as SNI. Default: the request's Host header, if one is set, else the
    /// host of its URI, as with <c>SocketsHttpHandler</c>.
    /// </summary>
    public string? ServerName { get; set; }

    /// <summary>The client's certificate with its private key, sent to servers that ask for one. Default: none.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>The client's certificate in files instead; what replaces them is used for new connections.</summary>
    public TlmspCertificateFile? ClientCertificateFile { get; set; }

    /// <summary>Intermediate certificates to send with <see cref="ClientCertificate"/>.</summary>
    public X509Certificate2Collection? ClientCertificateChain { get; set; }

    /// <summary>
    /// An HTTP proxy between the client and the first hop; the way through it is opened with CONNECT. Default: none, also where the system
    /// has one; for that set <c>HttpClient.DefaultProxy</c>. Its credentials for the scheme Basic are sent with the first request.
    /// </summary>
    public IWebProxy? Proxy { get; set; }

    /// <summary>
    /// Which contexts connections have: see <see cref="HttpProfile"/>. The version of HTTP is that of the request, whatever the profile's.
    /// Default: <see cref="HttpProfile.Two"/>.
    /// </summary>
    public HttpProfile Profile { get; set; } = HttpProfile.Two;

    /// <summary>
    /// Which requests and responses have their content in a named content context of <see cref="Profile"/>; <see cref="TlmspHandler"/> only.
    /// </summary>
    public ContentMap Content { get; } = new();

    /// <summary>True to have every container carry a trail of the entities it passed. Default false.</summary>
    public bool Audited { get; set; }

    /// <summary>How strictly responses are held to their contexts.</summary>
    public HttpMappingMode Mapping { get; set; } = HttpMappingMode.Strict;

    /// <summary>What becomes of notices that a middlebox deleted something. Default: accepted between messages.</summary>
    public HttpDeletionPolicy Deletions { get; set; }

    /// <summary>
    /// True for chunks in place of Content-Length where a middlebox may write content, so that it can resize it, and over HTTP/2 for heads
    /// without it; false to keep to the length, which the other side enforces. HTTP/1.0 messages and those without content
    /// keep their length. Default true.
    /// </summary>
    public bool AllowResizing { get; set; } = true;

    /// <summary>Bounds on heads and framing.</summary>
    public HttpFramerLimits HttpLimits { get; set; } = HttpFramerLimits.Default;

    /// <summary>
    /// Time for CONNECT and the handshake after the TCP connection stands, and for the second connection where the server asks for another
    /// path; more than zero and less than 24 days, or <see cref="Timeout.InfiniteTimeSpan"/>. Default 10 s. The whole way to a connection
    /// is bounded by <c>SocketsHttpHandler.ConnectTimeout</c>.
    /// </summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// True to reach servers that do not know TLMSP over ordinary TLS, 1.2 or 1.3, on a second connection; default false. Only with a
    /// <see cref="TlmspHandler"/>, whose responses say so (<c>response.GetTlmspFallback()</c>), and not with <see cref="Middleboxes"/>, which
    /// nothing would go through. <see cref="Trust"/>, <see cref="ServerName"/>, <see cref="ClientCertificate"/> and <see cref="Proxy"/> hold
    /// for it; <see cref="Groups"/> and <see cref="CipherSuites"/> do not. Every new connection tries TLMSP first.
    /// </summary>
    public bool AllowPlainTls { get; set; }

    /// <summary>See <see cref="TlmspOptions.AllowReferenceMiddleboxes"/>.</summary>
    public bool AllowReferenceMiddleboxes { get; set; }

    /// <summary>
    /// File that the keys of every connection are appended to, so that captures can be decoded: see <see cref="TlmspKeyLog"/>. For debugging
    /// only; default null. A client of <c>IHttpClientFactory</c> logs a warning on its first use when it is set.
    /// </summary>
    public string? KeyLogFile { get; set; }

    /// <summary>Key exchange groups in order of preference.</summary>
    public IList<KeyExchangeGroup> Groups { get; set; } = [.. KeyExchangeGroup.Default];

    /// <summary>Cipher suites in order of preference, of one key length. Default: <see cref="TlmspCipherSuite.Aes128"/>.</summary>
    public IList<TlmspCipherSuite> CipherSuites { get; set; } = [.. TlmspCipherSuite.Aes128];

    /// <summary>Bounds on handshakes.</summary>
    public TlmspLimits Limits { get; set; } = new();

    /// <summary>Called with what was agreed on each new connection.</summary>
    public Action<TlmspSessionInfo>? SessionEstablished { get; set; }

    internal TlmspClientOptions ToClientOptions(DnsEndPoint server, string? hostHeader, HttpWireVersion version) => new()
    {
        ServerAddress = TlmspAddress.Parse($"tlmsp://{Authority(server)}"),
        ServerName = ServerName ?? HostOf(hostHeader),
        Certificate = ClientCertificateFile?.Current ?? _clientCertificate,
        Contexts = [.. Profile.For(version).CreateContexts(Audited)],
        Middleboxes = [.. Middleboxes.Items],
        PathPolicy = proposal => Middleboxes.Check(proposal, Mapping),
        Trust = Trust,
        Limits = Limits,
        Groups = Groups,
        CipherSuites = CipherSuites,
        AllowReferenceMiddleboxes = AllowReferenceMiddleboxes,
        KeyLog = KeyLogFile is null ? null : TlmspKeyLog.ToFile(KeyLogFile),
    };

    /// <summary>host:port, with IPv6 addresses in brackets.</summary>
    internal static string Authority(DnsEndPoint endPoint) =>
        endPoint.Host.Contains(':', StringComparison.Ordinal) ? $"[{endPoint.Host}]:{endPoint.Port}" : $"{endPoint.Host}:{endPoint.Port}";

    /// <summary>Checks the options, once and before they are used.</summary>
    /// <exception cref="ArgumentException">Something is missing or contradictory; the message says how to fix it.</exception>
    internal void Validate()
    {
        if (HandshakeTimeout != Timeout.InfiniteTimeSpan && (HandshakeTimeout <= TimeSpan.Zero || HandshakeTimeout.TotalMilliseconds > int.MaxValue))
        {
            throw new ArgumentException(
                $"HandshakeTimeout is {HandshakeTimeout}. Set a time of more than zero and less than 24 days, or Timeout.InfiniteTimeSpan.");
        }

        if (ServerName is not null && Uri.CheckHostName(ServerName) is UriHostNameType.Unknown)
        {
            throw new ArgumentException($"ServerName '{ServerName}' is no host name. Set the name alone, such as orders.example.");
        }

        if (Proxy is WebProxy { Address: { } proxy })
        {
            ProxyTunnel.ThrowUnlessHttp(proxy);
        }

        if (AllowPlainTls && !Middleboxes.IsUnused)
        {
            throw new ArgumentException(
                "AllowPlainTls cannot be used with Middleboxes: what they are to see or change would go past them. "
                + "Use a handler of its own for servers without TLMSP.");
        }

        if (Content.Names.FirstOrDefault(name => !Profile.ContentNames.Contains(name)) is { } unknownContent)
        {
            throw new ArgumentException(
                $"Content maps to the content context '{unknownContent}', which profile {Profile} does not have. "
                + $"Set tlmsp.Profile = HttpProfile.Four.WithContent(\"{unknownContent}\").");
        }

        foreach (TlmspMiddlebox middlebox in Middleboxes.Items)
        {
            if (middlebox.Grant.FirstOrDefault(grant => !Profile.ContextIds.Contains(grant.ContextId)) is { ContextId: > 0 and byte unknown })
            {
                throw new ArgumentException(
                    $"Middlebox {middlebox.Address} is granted context {unknown}, which profile {Profile} does not have. It has {Profile.Description}.");
            }
        }

        if (Mapping == HttpMappingMode.EtsiCurl && !Profile.Equals(HttpProfile.Two))
        {
            throw new ArgumentException($"The EtsiCurl mapping is for profile two, and Profile is {Profile}. Use HttpMappingMode.Strict.");
        }

        if (Mapping == HttpMappingMode.EtsiCurl && Middleboxes.Items.Any(middlebox =>
            middlebox.Grant[HttpContexts.Headers] == TlmspAccess.Write && middlebox.Grant[HttpContexts.Body] != TlmspAccess.Write))
        {
            throw new ArgumentException("The EtsiCurl mapping cannot be used with a middlebox that may write heads but not content. Use HttpMappingMode.Strict.");
        }

        if (ClientCertificate is not null && ClientCertificateFile is not null)
        {
            throw new ArgumentException("ClientCertificate and ClientCertificateFile are both set. Remove one of them.");
        }

        _clientCertificate = ClientCertificate is null ? null : TlmspCertificate.Create(ClientCertificate, ClientCertificateChain);
        ToClientOptions(new DnsEndPoint("localhost", 443), null, Profile.Version).Validate();
    }

    /// <summary>The host of a Host field: without its port, and an IPv6 address without brackets.</summary>
    private static string? HostOf(string? hostHeader) => string.IsNullOrEmpty(hostHeader)
        ? null
        : hostHeader[0] == '[' && hostHeader.IndexOf(']', StringComparison.Ordinal) is > 0 and int end
            ? hostHeader[1..end]
            : hostHeader.Split(':')[0];
}
