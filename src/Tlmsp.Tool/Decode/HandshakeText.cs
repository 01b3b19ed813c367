using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Decode;

/// <summary>Says what a handshake message holds, read by the product's own readers.</summary>
internal static class HandshakeText
{
    private static readonly TlmspLimits s_limits = new() { MaxCertificateBytes = ushort.MaxValue };

    /// <summary>Takes note of hellos, and describes any message.</summary>
    /// <exception cref="TlmspException">The message is malformed.</exception>
    public static IEnumerable<string> Describe(HandshakeMessage message, Direction direction, HopSession session)
    {
        switch (message.Type)
        {
            case HandshakeType.ClientHello:
                var client = ClientHello.Read(message.Body);
                session.OnClientHello(client);
                return Describe(client);
            case HandshakeType.ServerHello:
                ServerHello server = ServerHello.Read(message.Body);
                session.OnServerHello(server);
                return Describe(server, session);
            case HandshakeType.Certificate when CertificateMessage.IsEmptyList(message):
                return ["no certificate"];
            case HandshakeType.Certificate:
                return Certificates(CertificateMessage.Read(message, s_limits));
            case HandshakeType.MiddleboxCertificate:
                (byte id, IReadOnlyList<ReadOnlyMemory<byte>> chain) = CertificateMessage.ReadMiddlebox(message, s_limits);
                return Certificates(chain).Prepend($"of {PathText.Entity(id)}");
            case HandshakeType.ServerKeyExchange:
                return [Group(SignedKeyShare.ReadServerKeyExchange(message).Group)];
            case HandshakeType.MiddleboxHello:
                return [$"of {PathText.Entity(MiddleboxHello.Read(message).Id)}"];
            case HandshakeType.MiddleboxKeyExchange:
                (byte exchanging, SignedKeyShare toClient, _) = SignedKeyShare.ReadMiddleboxKeyExchange(message);
                return [$"of {PathText.Entity(exchanging)}, {Group(toClient.Group)}"];
            case HandshakeType.MiddleboxHelloDone:
                return [$"of {PathText.Entity(ShortMessages.ReadMiddleboxHelloDone(message))}"];
            case HandshakeType.MiddleboxFinished:
                return [$"about {PathText.Entity(ShortMessages.ReadMiddleboxFinished(message).Id)}"];
            case HandshakeType.MiddleboxKeyMaterial or HandshakeType.MiddleboxKeyConfirmation:
                return Contributions(message, direction, session);
            default:
                return [];
        }
    }

    private static IEnumerable<string> Describe(ClientHello hello)
    {
        yield return $"server name {hello.ServerName ?? "none"}";
        if (hello.Contexts is { } contexts)
        {
            yield return $"contexts {string.Join(", ", contexts.Select(PathText.Context))}";
        }

        if (hello.Tlmsp is not { } tlmsp)
        {
            yield return "plain TLS: there is no tlmsp extension";
            yield break;
        }

        yield return Path(tlmsp.Path, tlmsp.ServerAddress);
        if (tlmsp.Discovery is { } discovery)
        {
            yield return $"comes back after discovery, session {discovery.SessionId:x8}";
        }
    }

    private static IEnumerable<string> Describe(ServerHello hello, HopSession session)
    {
        yield return TlmspCipherSuite.FromId(hello.CipherSuite)?.Name ?? $"suite {hello.CipherSuite:x4}, which is not known here";
        if (hello.Tlmsp is not { } tlmsp)
        {
            yield return "plain TLS: there is no tlmsp extension";
            yield break;
        }

        yield return $"session {tlmsp.SessionId:x8}";
        yield return Path(tlmsp.Middleboxes, tlmsp.ServerAddress);
        yield return session.Keys is { Parties.Count: > 0 } keys
            ? $"keys of {string.Join(", ", keys.Parties.Select(PathText.Entity))}"
            : "no key log has keys of this session";
    }

    private static string Path(IEnumerable<MiddleboxEntry> list, TlmspAddress server) => "path " + string.Join(
        " -> ", list.Select(Entry).Prepend("client").Append(server.ToString()));

    private static string Entry(MiddleboxEntry entry) =>
        $"{PathText.Entity(entry.Id)} {entry.Address} ({entry.Grant}){(entry.Inserted ? " inserted" : "")}";

    private static string Group(ushort id) => KeyExchangeGroup.FromId(id)?.Name ?? $"group {id:x4}";

    private static IEnumerable<string> Certificates(IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        foreach (ReadOnlyMemory<byte> der in chain)
        {
            string text;
            try
            {
                using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der.Span);
                text = $"{certificate.Subject}, issued by {certificate.Issuer}";
            }
            catch (CryptographicException)
            {
                text = "a certificate that cannot be decoded";
            }

            yield return text;
        }
    }

    /// <summary>For whom, and for which contexts; the contributions themselves are nobody's business.</summary>
    private static IEnumerable<string> Contributions(HandshakeMessage message, Direction direction, HopSession session)
    {
        byte id = KeyMaterial.ReadId(message);
        bool confirms = message.Type == HandshakeType.MiddleboxKeyConfirmation;
        bool toServer = direction == Direction.ClientToServer;
        byte author = confirms ? id : toServer ? TlmspDialect.Client : TlmspDialect.Server;
        byte addressee = !confirms ? id : toServer ? TlmspDialect.Server : TlmspDialect.Client;
        yield return $"from {PathText.Entity(author)} for {PathText.Entity(addressee)}";
        if (session.Path is not { } path || session.Keys?.Pair(author, addressee) is not { } key)
        {
            yield return "(sealed)";
            yield break;
        }

        using ContributionTable table = KeyMaterial.Open(message, author, path, key);
        yield return "contributions to " + string.Join(", ", Enumerable.Range(0, table.Slots)
            .Select(slot => $"{path.ContextAt(slot)} {(table.HasWriter(slot) ? "rw" : table.HasReader(slot) ? "r" : "none")}"));
    }
}
