using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>The server waits for ClientHello, decides on everything it asks for, and answers with its whole flight.</summary>
internal sealed class ExpectClientHello(TlmspServerHandshake handshake) : HandshakeState
{
    private readonly TlmspServerOptions _options = handshake.Options;

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        Require(message, HandshakeType.ClientHello);
        ClientHello hello = ClientHello.Read(message.Body);
        hello.ThrowUnlessTlmsp(_options.Limits);
        handshake.Channel.IsVersionSettled = true;
        TlmspClientExtension tlmsp = hello.Tlmsp!;
        if (tlmsp.Discovery is not null)
        {
            throw new TlmspException(Misbehaviour.BadDiscovery, "this server never inserts a middlebox");
        }

        CheckPolicies(hello, tlmsp);
        (TlmspCipherSuite suite, TlmspCertificate certificate) = SelectSuite(hello);
        ushort scheme = SignatureSchemes.Select(certificate, hello.SignatureSchemes);
        handshake.Group = SelectGroup(hello.SupportedGroups);
        handshake.ServerName = hello.ServerName;
        handshake.ClientRandom = hello.Random;

        handshake.ServerRandom = new byte[TlmspDialect.RandomLength];
        _options.Random.Fill(handshake.ServerRandom);
        Span<byte> sid = stackalloc byte[TlmspDialect.SessionIdLength];
        _options.Random.Fill(sid);
        uint sessionId = BinaryPrimitives.ReadUInt32BigEndian(sid);
        handshake.Path = new SessionPath(sessionId, suite, hello.Contexts!, tlmsp.Middleboxes);
        handshake.Peers = [.. tlmsp.Middleboxes.Select(entry => new MiddleboxPeer(entry))];
        handshake.Transcript = new Transcript(suite);
        handshake.Transcript.AddOpening(message.Raw);
        SendFlight(tlmsp, certificate, scheme);
        return MiddleboxFlight.Start(handshake, () => new ExpectClientKeyExchange(handshake));
    }

    private void CheckPolicies(ClientHello hello, TlmspClientExtension tlmsp)
    {
        var offer = new TlmspOffer(
            hello.ServerName, tlmsp.ClientAddress, tlmsp.ServerAddress, hello.Contexts!,
            [.. tlmsp.Middleboxes.Select(entry => new TlmspMiddlebox(entry.Address, entry.Grant))]);
        if (tlmsp.Middleboxes.Any(entry => entry.Inserted || entry.Transparent))
        {
            throw new TlmspException(Misbehaviour.MiddleboxListRefused, "a transparent or already inserted middlebox in the client's list");
        }

        if (_options.ContextPolicy(offer) is { } contextsRefused)
        {
            throw new TlmspException(Misbehaviour.ContextsRefused, contextsRefused);
        }

        if (_options.MiddleboxPolicy(offer) is { } listRefused)
        {
            throw new TlmspException(Misbehaviour.MiddleboxListRefused, listRefused);
        }
    }

    /// <summary>A certificate that names the SNI, whatever its kind; else the first that serves.</summary>
    private (TlmspCipherSuite Suite, TlmspCertificate Certificate) SelectSuite(ClientHello hello)
    {
        IList<TlmspCertificate> all = _options.CertificateSelector is { } select
            ? select(hello.ServerName) is { } selected ? [selected] : []
            : _options.Certificates;
        (TlmspCipherSuite, TlmspCertificate)? choice = all.Count > 1 && hello.ServerName is { } name
            ? SelectSuite(hello, all.Where(certificate => certificate.Names(name)))
            : null;
        return choice ?? SelectSuite(hello, all) ?? throw new TlmspException(
            Misbehaviour.NoCommonCipherSuite, $"{hello.CipherSuites.Length} suites offered, {all.Count} certificates to choose from");
    }

    /// <summary>
    /// The client's order decides; a suite counts only with a certificate of its kind. A 256-bit suite only if no 128-bit one is offered: a
    /// reference client offers both and cannot use the former (records-keys.md §11.1).
    /// </summary>
    private (TlmspCipherSuite, TlmspCertificate)? SelectSuite(ClientHello hello, IEnumerable<TlmspCertificate> certificates)
    {
        bool aes256 = !TlmspCipherSuite.Aes128.Any(suite => hello.CipherSuites.Contains(suite.Id));
        foreach (ushort id in hello.CipherSuites)
        {
            if (_options.CipherSuites.FirstOrDefault(candidate => candidate.Id == id) is { } suite && suite.IsAes256 == aes256
                && certificates.FirstOrDefault(candidate => candidate.IsEcdsa == suite.IsEcdsa) is { } certificate)
            {
                return (suite, certificate);
            }
        }

        return null;
    }

    /// <summary>The client's first group that we have: middleboxes of the reference take it whatever the server chooses (handshake.md §4.2).</summary>
    private KeyExchangeGroup SelectGroup(ushort[]? offered) => offered is null
        ? _options.Groups[0]
        : offered.Select(id => _options.Groups.FirstOrDefault(group => group.Id == id)).FirstOrDefault(group => group is not null)
            ?? throw new TlmspException(Misbehaviour.NoCommonGroup, $"{offered.Length} groups offered");

    private void SendFlight(TlmspClientExtension tlmsp, TlmspCertificate certificate, ushort scheme)
    {
        var answer = new TlmspServerExtension(handshake.Path.SessionId, tlmsp.ClientAddress, tlmsp.ServerAddress, tlmsp.Middleboxes);
        SendOpening(ServerHello.Write(handshake.ServerRandom, handshake.Path.Suite, answer));
        handshake.Channel.ActivateSessionId(handshake.Path.SessionId);

        handshake.ServerLeaf = certificate.Chain[0];
        SendOpening(CertificateMessage.Write(certificate.Chain));

        handshake.Ephemeral = handshake.Group.Generate(_options.Random);
        byte[] parameters = SignedKeyShare.WriteParams(handshake.Group.Id, handshake.Ephemeral.PublicPoint);
        byte[] signed = [.. handshake.ClientRandom, .. handshake.ServerRandom, .. parameters];
        SendOpening(SignedKeyShare.WriteServerKeyExchange(parameters, scheme, SignatureSchemes.Sign(certificate, scheme, signed)));
        SendOpening(ShortMessages.ServerHelloDone());
    }

    private void SendOpening(byte[] message)
    {
        handshake.Transcript.AddOpening(message);
        handshake.Send(message);
    }
}
