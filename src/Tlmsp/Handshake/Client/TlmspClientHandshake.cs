using System.Buffers;
using System.Net;

namespace Tlmsp;

/// <summary>The client's handshake (handshake.md §7.1).</summary>
public sealed class TlmspClientHandshake : TlmspHandshake
{
    private byte[] _clientHello = [];

    /// <summary>Prepares a handshake.</summary>
    /// <param name="options">The options.</param>
    /// <param name="discovery">What a first connection with the same options found out, if there was one.</param>
    /// <exception cref="ArgumentException">The options are not valid; see <see cref="TlmspClientOptions.Validate"/>.</exception>
    public TlmspClientHandshake(TlmspClientOptions options, TlmspDiscovery? discovery = null)
        : base(options ?? throw new ArgumentNullException(nameof(options)), TlmspDialect.Client)
    {
        options.Validate();
        Options = options;
        ServerName = options.ExpectedServerName;
        Resumed = discovery;
        Listed = discovery?.Listed ?? AssignIds(options);
        State = new ExpectServerHello(this);
    }

    internal TlmspClientOptions Options { get; }

    /// <summary>How to connect again; known once <see cref="HandshakeStatus.Reconnect"/> was returned.</summary>
    public TlmspDiscovery? Discovery { get; internal set; }

    /// <summary>
    /// Whether a fault of <see cref="TlmspHandshake.Process"/> means that the server does not know TLMSP (handshake.md §9.8): its ServerHello
    /// lacks the extension, or it answered the hello as servers do that have no version or suite of TLS 1.2 for it, with alert 70 or 40.
    /// Nothing of this is authenticated: anybody on the way can cause it.
    /// </summary>
    public bool IsPlainTlsAnswer(TlmspException fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return State is ExpectServerHello && (fault.Misbehaviour == Misbehaviour.MissingTlmspExtension
            || fault is { FromPeer: true, Alert: TlmspAlert.ProtocolVersion or TlmspAlert.HandshakeFailure });
    }

    /// <summary>What the first connection found out, when this is the second.</summary>
    internal TlmspDiscovery? Resumed { get; }

    /// <summary>The entries of our own choice.</summary>
    internal IReadOnlyList<MiddleboxEntry> Listed { get; }

    /// <summary>True when the server asked for another path and the application agreed: this connection ends at ServerHelloDone.</summary>
    internal bool IsPathChanged { get; set; }

    /// <inheritdoc/>
    public override void Start(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_clientHello.Length != 0)
        {
            throw new InvalidOperationException("The handshake was started already.");
        }

        ClientRandom = new byte[TlmspDialect.RandomLength];
        Options.Random.Fill(ClientRandom);
        _clientHello = ClientHello.Write(
            ClientRandom, Options.CipherSuites.Select(suite => suite.Id), IPAddress.TryParse(ServerName, out _) ? null : ServerName,
            Options.Groups.Select(group => group.Id), Options.SignatureSchemes,
            new TlmspClientExtension(Options.ClientAddress, Options.ServerAddress, Listed)
            {
                Discovery = Resumed is null ? null : (Resumed.SessionId, Resumed.Hash, Resumed.Entries),
            },
            Options.Contexts);
        Channel.WriteMessage(_clientHello, output, TlmspDialect.ClientHelloRecordVersion);
    }

    /// <summary>What we let a middlebox do: what we configured for it, or what we agreed to when the server inserted it.</summary>
    internal Grant EffectiveGrant(MiddleboxEntry entry)
    {
        for (int i = 0; i < Listed.Count; i++)
        {
            if (Listed[i].Id == entry.Id)
            {
                return Options.Middleboxes[i].Grant;
            }
        }

        return entry.Grant;
    }

    /// <summary>The suite is known now, and with it the hash of the transcript.</summary>
    internal void BeginTranscript(TlmspCipherSuite suite, byte[] serverHello)
    {
        Transcript = new Transcript(suite);
        Transcript.AddOpening(_clientHello);
        Transcript.AddOpening(serverHello);
    }

    /// <summary>Random unused ids, as the list is made anew for every connection (handshake.md §8.1).</summary>
    private static MiddleboxEntry[] AssignIds(TlmspClientOptions options)
    {
        var entries = new MiddleboxEntry[options.Middleboxes.Count];
        Span<bool> used = stackalloc bool[256];
        Span<byte> draw = stackalloc byte[1];
        for (int i = 0; i < entries.Length; i++)
        {
            do
            {
                options.Random.Fill(draw);
            }
            while (draw[0] is < TlmspDialect.FirstMiddlebox or > TlmspDialect.LastMiddlebox || used[draw[0]]);
            used[draw[0]] = true;
            entries[i] = new MiddleboxEntry(draw[0], options.Middleboxes[i].Address, options.Middleboxes[i].Grant.OnWire());
        }

        return entries;
    }
}
