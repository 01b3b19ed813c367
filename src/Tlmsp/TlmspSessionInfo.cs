using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>A middlebox on the path of a session.</summary>
/// <param name="Id">Its entity id in this session, 02 to fd.</param>
/// <param name="Address">The address it is listed under.</param>
/// <param name="Grant">What it may do in which context.</param>
/// <param name="Certificate">Its certificate; null where the party that asks does not see it.</param>
public sealed record TlmspPathMiddlebox(byte Id, TlmspAddress Address, Grant Grant, X509Certificate2? Certificate)
{
    /// <summary>True when the server inserted it, false when the client listed it.</summary>
    public bool Inserted { get; init; }

    internal static TlmspPathMiddlebox From(MiddleboxPeer peer, SessionPath path) =>
        new(peer.Id, peer.Entry.Address, path.EffectiveGrant(peer.Id), peer.Certificate) { Inserted = peer.Entry.Inserted };
}

/// <summary>What was agreed in a handshake.</summary>
public sealed class TlmspSessionInfo
{
    internal TlmspSessionInfo(
        SessionPath path, KeyExchangeGroup group, string? serverName, X509Certificate2? serverCertificate, X509Certificate2? clientCertificate,
        IReadOnlyList<TlmspPathMiddlebox> middleboxes)
    {
        SessionId = path.SessionId;
        CipherSuite = path.Suite;
        Group = group;
        Contexts = path.Contexts;
        Middleboxes = middleboxes;
        ServerName = serverName;
        ServerCertificate = serverCertificate;
        ClientCertificate = clientCertificate;
    }

    /// <summary>The session id that every record carries (records-keys.md §1.1).</summary>
    public uint SessionId { get; }

    /// <summary>The cipher suite.</summary>
    public TlmspCipherSuite CipherSuite { get; }

    /// <summary>The group of all key exchanges on the path.</summary>
    public KeyExchangeGroup Group { get; }

    /// <summary>The application contexts in ascending order.</summary>
    public IReadOnlyList<TlmspContext> Contexts { get; }

    /// <summary>The middleboxes from the client's side to the server's.</summary>
    public IReadOnlyList<TlmspPathMiddlebox> Middleboxes { get; }

    /// <summary>The host name that the client asked for (SNI), if any.</summary>
    public string? ServerName { get; }

    /// <summary>The server's certificate; null at the server itself.</summary>
    public X509Certificate2? ServerCertificate { get; }

    /// <summary>The client's certificate at the server, once the client has proved that it is its own; else null.</summary>
    public X509Certificate2? ClientCertificate { get; }
}
