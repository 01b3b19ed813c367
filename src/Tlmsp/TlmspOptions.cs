using System.Runtime.CompilerServices;

namespace Tlmsp;

/// <summary>A middlebox on a path.</summary>
/// <param name="Address">Its address; must be, byte for byte, the one the middlebox itself is configured with (handshake.md §8.2).</param>
/// <param name="Grant">What it may read or write.</param>
public sealed record TlmspMiddlebox(TlmspAddress Address, Grant Grant)
{
    /// <summary>True when it is not the client's own choice: the server inserted it (handshake.md §1.5).</summary>
    public bool Inserted { get; init; }

    /// <summary>True for a middlebox that sees the connection pass without being dialled (handshake.md §1.6).</summary>
    public bool Transparent { get; init; }

    internal static TlmspMiddlebox From(MiddleboxEntry entry) =>
        new(entry.Address, entry.Grant) { Inserted = entry.Inserted, Transparent = entry.Transparent };
}

/// <summary>Bounds on what a peer can make this side hold or compute.</summary>
public sealed class TlmspLimits
{
    /// <summary>Most middleboxes in a list, 0 to 251. Default 8.</summary>
    public int MaxMiddleboxes { get; set; } = 8;

    /// <summary>Most application contexts, 1 to 255. Default 255: the reference client lists all of them after discovery.</summary>
    public int MaxContexts { get; set; } = 255;

    /// <summary>Most bytes of one party's certificate message. Default 32 KiB.</summary>
    public int MaxCertificateBytes { get; set; } = 32 * 1024;

    /// <summary>Most bytes of any handshake message. Default 65 500: one record must hold it.</summary>
    public int MaxHandshakeMessage { get; set; } = 65_500;
}

/// <summary>What client, server and middlebox have in common.</summary>
public abstract class TlmspOptions
{
    private static readonly ConditionalWeakTable<CertificateTrust, CertificateValidator> Validators = [];

    /// <summary>Key exchange groups in order of preference. The client's first one should be one that everybody has (handshake.md §4.2).</summary>
    public IList<KeyExchangeGroup> Groups { get; set; } = [.. KeyExchangeGroup.Default];

    /// <summary>
    /// Cipher suites in order of preference. Clients offer <see cref="TlmspCipherSuite.Aes128"/> by default, servers and middleboxes accept
    /// <see cref="TlmspCipherSuite.All"/>.
    /// </summary>
    public IList<TlmspCipherSuite> CipherSuites { get; set; } = [.. TlmspCipherSuite.All];

    /// <summary>How the other parties' certificates are checked.</summary>
    public CertificateTrust Trust { get; set; } = new();

    /// <summary>Bounds.</summary>
    public TlmspLimits Limits { get; set; } = new();

    /// <summary>
    /// Accepts what middleboxes of the ETSI reference stack need and a careful default refuses: SHA-1 signatures in MiddleboxKeyExchange,
    /// and middlebox certificates that do not name the listed address. Default false; hosts log a warning when it is on.
    /// </summary>
    public bool AllowReferenceMiddleboxes { get; set; }

    /// <summary>
    /// Takes the keys of every session so that captures can be decoded, for debugging only: see <see cref="TlmspKeyLog"/>. Default null.
    /// </summary>
    public TlmspKeyLog? KeyLog { get; set; }

    /// <summary>Source of randomness.</summary>
    public TlmspRandom Random { get; set; } = TlmspRandom.System;

    /// <summary>Signature schemes that a client offers; a seam for sessions that are replayed bit for bit.</summary>
    internal ushort[] SignatureSchemes { get; set; } = Tlmsp.SignatureSchemes.Default.ToArray();

    /// <summary>The validator of <see cref="Trust"/>, shared by all options that share it: its caches are most of a handshake's speed.</summary>
    internal CertificateValidator Validator => ValidatorOf(Trust);

    /// <summary>Nonces of a connection half, by own entity id; a seam for tests.</summary>
    internal Func<byte, NonceSource> NonceSourceFactory => MakeNonceSource ?? (entity => new CounterNonceSource(entity, Random));

    internal Func<byte, NonceSource>? MakeNonceSource { get; set; }

    private protected static CertificateValidator ValidatorOf(CertificateTrust trust) =>
        Validators.GetValue(trust, static trust => new CertificateValidator(trust));

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">Something is missing or contradictory; the message says what to do.</exception>
    public virtual void Validate()
    {
        if (Groups.Count == 0)
        {
            throw new ArgumentException("No key exchange group is configured. Leave Groups at its default or add one, such as KeyExchangeGroup.P256.");
        }

        if (Groups.FirstOrDefault(group => !group.IsSupported) is { } missing)
        {
            throw new ArgumentException($"Key exchange group {missing.Name} is not available on this machine. Remove it from Groups.");
        }

        if (CipherSuites.Count == 0)
        {
            throw new ArgumentException("No cipher suite is configured. Leave CipherSuites at its default.");
        }

        if (Limits.MaxMiddleboxes is < 0 or > TlmspDialect.MaxMiddleboxes)
        {
            throw new ArgumentException($"Limits.MaxMiddleboxes is {Limits.MaxMiddleboxes}; it must be 0 to {TlmspDialect.MaxMiddleboxes}.");
        }

        if (Limits.MaxContexts is < 1 or > 255)
        {
            throw new ArgumentException($"Limits.MaxContexts is {Limits.MaxContexts}; it must be 1 to 255.");
        }
    }
}

/// <summary>What a client needs for a handshake.</summary>
public sealed class TlmspClientOptions : TlmspOptions
{
    /// <summary>Makes options that offer the 128-bit suites.</summary>
    public TlmspClientOptions() => CipherSuites = [.. TlmspCipherSuite.Aes128];

    /// <summary>The server's address, such as <c>tlmsp://orders.example:5001</c>: the last middlebox dials it.</summary>
    public TlmspAddress ServerAddress { get; set; } = TlmspAddress.Parse("tlmsp://localhost:443");

    /// <summary>Own address as told to the others; informative. The default names no machine.</summary>
    public TlmspAddress ClientAddress { get; set; } = TlmspAddress.Parse("tlmsp://client");

    /// <summary>Name that the server's certificate must match, also sent as SNI unless it is an IP address. Default: the host of <see cref="ServerAddress"/>.</summary>
    public string? ServerName { get; set; }

    /// <summary>The client's own certificate, sent if the server asks for one. Null: an empty list is sent then.</summary>
    public TlmspCertificate? Certificate { get; set; }

    /// <summary>The application contexts, 1 to 255 of them.</summary>
    public IList<TlmspContext> Contexts { get; set; } = [];

    /// <summary>The middleboxes on the path, nearest to the client first.</summary>
    public IList<TlmspMiddlebox> Middleboxes { get; set; } = [];

    /// <summary>
    /// Decides on a path that differs from <see cref="Middleboxes"/>, which the server may answer with: null accepts, a text refuses it
    /// with alert 171 and says why in the exception. Asked at most once per connection. Default: refuses every other path.
    /// </summary>
    public Func<TlmspPathProposal, string?> PathPolicy { get; set; } = static proposal =>
        $"the server asks for {string.Join(", ", proposal.Inserted.Select(middlebox => $"{middlebox.Address} ({middlebox.Grant})"))}";

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (CipherSuites.Any(suite => suite.IsAes256) && CipherSuites.Any(suite => !suite.IsAes256))
        {
            // Reference middleboxes would take a 256-bit suite that a server chose, and use overlapping keys (handshake.md §11.1, Q23a).
            throw new ArgumentException("128-bit and 256-bit cipher suites are configured. Offer one kind: TlmspCipherSuite.Aes128 or TlmspCipherSuite.Aes256.");
        }

        if (!ServerAddress.TryGetEndPoint(out _, out _))
        {
            throw new ArgumentException($"ServerAddress '{ServerAddress}' has no host. Use the form tlmsp://host:port.");
        }

        if (Contexts.Count == 0 || Contexts.Count > Limits.MaxContexts)
        {
            throw new ArgumentException($"{Contexts.Count} contexts are configured; 1 to {Limits.MaxContexts} are needed.");
        }

        if (Contexts.GroupBy(context => context.Id).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Context {twice.Key} is configured twice.");
        }

        if (Middleboxes.Count > Limits.MaxMiddleboxes)
        {
            throw new ArgumentException($"{Middleboxes.Count} middleboxes are configured; raise Limits.MaxMiddleboxes (now {Limits.MaxMiddleboxes}) if that is meant.");
        }

        foreach (TlmspMiddlebox middlebox in Middleboxes)
        {
            if (!middlebox.Address.TryGetEndPoint(out _, out _))
            {
                throw new ArgumentException($"Middlebox address '{middlebox.Address}' has no host. Use the form tlmsp://host:port.");
            }

            foreach (TlmspGrant grant in middlebox.Grant)
            {
                if (Contexts.All(context => context.Id != grant.ContextId))
                {
                    throw new ArgumentException($"Middlebox {middlebox.Address} is granted context {grant.ContextId}, which is not configured.");
                }

                if (grant.Access == TlmspAccess.Delete && DeleteGrant.Problem(grant.ContextId, middlebox.Address, Contexts, Middleboxes) is { } problem)
                {
                    throw new ArgumentException(problem);
                }
            }
        }
    }
}

/// <summary>What a server is asked to accept.</summary>
public sealed class TlmspOffer
{
    internal TlmspOffer(string? serverName, TlmspAddress clientAddress, TlmspAddress serverAddress, IReadOnlyList<TlmspContext> contexts, IReadOnlyList<TlmspMiddlebox> middleboxes)
    {
        ServerName = serverName;
        ClientAddress = clientAddress;
        ServerAddress = serverAddress;
        Contexts = contexts;
        Middleboxes = middleboxes;
    }

    /// <summary>SNI host name, if any.</summary>
    public string? ServerName { get; }

    /// <summary>What the client calls itself; not verified.</summary>
    public TlmspAddress ClientAddress { get; }

    /// <summary>What the client calls this server.</summary>
    public TlmspAddress ServerAddress { get; }

    /// <summary>The contexts, ascending.</summary>
    public IReadOnlyList<TlmspContext> Contexts { get; }

    /// <summary>The middleboxes and what the client grants each; a server can only accept or refuse the list.</summary>
    public IReadOnlyList<TlmspMiddlebox> Middleboxes { get; }

    /// <summary>The same offer with other middleboxes, for a policy or completion that is to see only some, or more.</summary>
    public TlmspOffer With(IReadOnlyList<TlmspMiddlebox> middleboxes)
    {
        ArgumentNullException.ThrowIfNull(middleboxes);
        return new(ServerName, ClientAddress, ServerAddress, Contexts, middleboxes);
    }
}

/// <summary>The path that a server answers with instead of the one a client listed.</summary>
public sealed class TlmspPathProposal
{
    internal TlmspPathProposal(IReadOnlyList<TlmspMiddlebox> listed, IReadOnlyList<TlmspMiddlebox> path)
    {
        Listed = listed;
        Path = path;
    }

    /// <summary>What the client listed.</summary>
    public IReadOnlyList<TlmspMiddlebox> Listed { get; }

    /// <summary>The whole path as the server wants it, nearest to the client first.</summary>
    public IReadOnlyList<TlmspMiddlebox> Path { get; }

    /// <summary>What the server added.</summary>
    public IEnumerable<TlmspMiddlebox> Inserted => Path.Where(middlebox => middlebox.Inserted);

    /// <summary>What the server left out.</summary>
    public IEnumerable<TlmspMiddlebox> Removed => Listed.Where(middlebox => !Path.Contains(middlebox));
}

/// <summary>Whether a server asks clients for a certificate.</summary>
public enum TlmspClientAuthentication
{
    /// <summary>It does not ask.</summary>
    None,

    /// <summary>It asks, and accepts a client that has none. One that is sent must be valid.</summary>
    Allow,

    /// <summary>A client without a valid certificate is refused.</summary>
    Require,
}

/// <summary>What a server needs for a handshake.</summary>
public sealed class TlmspServerOptions : TlmspOptions
{
    /// <summary>The server's certificates; the first whose key type fits the suite and whose name fits the SNI is used.</summary>
    public IList<TlmspCertificate> Certificates { get; set; } = [];

    /// <summary>
    /// Chooses the certificate instead of <see cref="Certificates"/>, by SNI host name (null when the client sends none) and what
    /// <see cref="TlmspServerHandshake.CallerState"/> has; null refuses the connection with alert 40.
    /// </summary>
    public Func<string?, object?, TlmspCertificate?>? CertificateSelector { get; set; }

    /// <summary>Whether clients are asked for a certificate. Middleboxes of the reference stack end the connection of a client that has none.</summary>
    public TlmspClientAuthentication ClientAuthentication { get; set; }

    /// <summary>How certificates of clients are checked. Default: as <see cref="TlmspOptions.Trust"/> says.</summary>
    public CertificateTrust? ClientTrust { get; set; }

    internal CertificateValidator ClientValidator => ValidatorOf(ClientTrust ?? Trust);

    /// <summary>Decides on the middlebox list: null accepts it, a text refuses it with alert 171 and says why in the exception. Default: no middlebox at all.</summary>
    public Func<TlmspOffer, string?> MiddleboxPolicy { get; set; } = offer =>
        offer.Middleboxes.Count == 0 ? null : "no middlebox is allowed";

    /// <summary>
    /// Adds middleboxes to a list that <see cref="MiddleboxPolicy"/> has accepted (handshake.md §1.5): returns the whole path, the client's
    /// entries unchanged and in their order among it. The client may refuse; if it agrees it connects once more over the new path,
    /// to this same process, which asks <see cref="MiddleboxPolicy"/> about that path again. Null: nothing is ever added.
    /// </summary>
    public Func<TlmspOffer, IReadOnlyList<TlmspMiddlebox>>? PathCompletion { get; set; }

    /// <summary>What was asked of clients that have not come back yet.</summary>
    internal DiscoveryMemory Discoveries { get; } = new();

    /// <summary>
    /// Tells middleboxes that may write from those that may only delete, which the wire cannot (<see cref="TlmspAccess.Delete"/>): returns
    /// the grant of a middlebox with <c>rd</c> where the client's list has <c>rw</c>. Null: all may write.
    /// </summary>
    public Func<TlmspMiddlebox, Grant>? EffectiveGrant { get; set; }

    /// <summary>Decides on the contexts and their purposes: null accepts, a text refuses with alert 175. Default: accept.</summary>
    public Func<TlmspOffer, string?> ContextPolicy { get; set; } = _ => null;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (Certificates.Count == 0 && CertificateSelector is null)
        {
            throw new ArgumentException("No server certificate is configured. Set one with a private key.");
        }
    }
}

/// <summary>What a middlebox needs for a handshake.</summary>
public sealed class TlmspMiddleboxOptions : TlmspOptions
{
    /// <summary>The addresses under which clients list this middlebox, byte for byte.</summary>
    public IList<TlmspAddress> Addresses { get; set; } = [];

    /// <summary>
    /// True for a middlebox that connections pass without having been made to it (handshake.md §1.6). In a hello that lists nobody it looks
    /// for itself in the server's answer, among the transparent middleboxes that the server adds, and ends the connection when it is not
    /// there. Where the connection was meant to go is for the caller to know; <see cref="TlmspMiddleboxHandshake.NextHop"/> is what the
    /// client calls it.
    /// </summary>
    public bool Transparent { get; set; }

    /// <summary>The middlebox's certificate; should name the host of every address and allow client and server authentication.</summary>
    public TlmspCertificate? Certificate { get; set; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (Addresses.Count == 0)
        {
            throw new ArgumentException("The middlebox has no address. Add the one that clients list it under, such as tlmsp://waf.example:7001.");
        }

        if (Certificate is null)
        {
            throw new ArgumentException("The middlebox has no certificate. Set one with a private key.");
        }
    }
}
