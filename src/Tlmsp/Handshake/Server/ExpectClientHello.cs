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
        CheckPolicies(hello, tlmsp);
        IReadOnlyList<MiddleboxEntry> path = tlmsp.Discovery?.Middleboxes ?? ServerPath.Complete(_options, Offer(hello, tlmsp), tlmsp.Middleboxes);

        // A transparent middlebox is on the path already: the client goes on with this connection (handshake.md §1.6).
        bool reconnects = tlmsp.Discovery is null && path.Any(entry => entry.Inserted && !entry.Transparent);
        (TlmspCipherSuite suite, TlmspCertificate certificate) = SelectSuite(hello);
        ushort scheme = SignatureSchemes.Select(certificate, hello.SignatureSchemes);
        handshake.Group = SelectGroup(hello.SupportedGroups);
        handshake.ServerName = hello.ServerName;
        handshake.ClientRandom = hello.Random;

        handshake.ServerRandom = new byte[TlmspDialect.RandomLength];
        _options.Random.Fill(handshake.ServerRandom);
        handshake.Path = new SessionPath(tlmsp.Discovery?.SessionId ?? NewSessionId(), suite, hello.Contexts!, path, entry => EffectiveGrant(entry, hello.Contexts!, path));
        handshake.Peers = [.. path.Select(entry => new MiddleboxPeer(entry))];
        handshake.Transcript = new Transcript(suite);
        handshake.Transcript.AddOpening(message.Raw);
        SendFlight(tlmsp, certificate, scheme);
        if (reconnects)
        {
            _options.Discoveries.Remember(
                handshake.Path.SessionId, handshake.Transcript.CurrentHash(), tlmsp.Middleboxes, path, _options.Trust.TimeProvider.GetUtcNow());
            return new ExpectReconnect(path.Count(entry => !entry.Inserted || entry.Transparent));
        }

        bool asked = _options.ClientAuthentication != TlmspClientAuthentication.None;
        return MiddleboxFlight.Start(handshake, () => asked ? new ExpectClientCertificate(handshake) : new ExpectClientKeyExchange(handshake));
    }

    private void CheckPolicies(ClientHello hello, TlmspClientExtension tlmsp)
    {
        TlmspOffer offer = Offer(hello, tlmsp);
        if (tlmsp.Discovery is not null && _options.Discoveries.Redeem(tlmsp, _options.Trust.TimeProvider.GetUtcNow()) is { } wrong)
        {
            throw new TlmspException(Misbehaviour.BadDiscovery, wrong);
        }

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

    private static TlmspOffer Offer(ClientHello hello, TlmspClientExtension tlmsp) => new(
        hello.ServerName, tlmsp.ClientAddress, tlmsp.ServerAddress, hello.Contexts!, [.. tlmsp.Path.Select(TlmspMiddlebox.From)]);

    private Grant EffectiveGrant(MiddleboxEntry entry, IEnumerable<TlmspContext> contexts, IEnumerable<MiddleboxEntry> path)
    {
        Grant effective = _options.EffectiveGrant?.Invoke(TlmspMiddlebox.From(entry)) ?? entry.Grant;
        if (!effective.OnWire().Equals(entry.Grant))
        {
            throw new InvalidOperationException($"EffectiveGrant turns {entry.Grant} of {entry.Address} into {effective}; only rw can become rd.");
        }

        foreach (TlmspGrant grant in effective.Where(grant => grant.Access == TlmspAccess.Delete))
        {
            if (DeleteGrant.Problem(grant.ContextId, entry.Address, contexts, path.Select(TlmspMiddlebox.From)) is { } problem)
            {
                throw new TlmspException(Misbehaviour.MiddleboxListRefused, problem);
            }
        }

        return effective;
    }

    private uint NewSessionId()
    {
        Span<byte> sid = stackalloc byte[TlmspDialect.SessionIdLength];
        _options.Random.Fill(sid);
        return BinaryPrimitives.ReadUInt32BigEndian(sid);
    }

    /// <summary>A certificate that names the SNI, whatever its kind; else the first that serves.</summary>
    private (TlmspCipherSuite Suite, TlmspCertificate Certificate) SelectSuite(ClientHello hello)
    {
        IList<TlmspCertificate> all = _options.CertificateSelector is { } select
            ? select(hello.ServerName, handshake.CallerState) is { } selected ? [selected] : []
            : _options.Certificates;
        (TlmspCipherSuite, TlmspCertificate)? choice = all.Count > 1 && hello.ServerName is { } name
            ? SelectSuite(hello, all.Where(certificate => CertificateValidator.MatchesName(certificate.Leaf, name)))
            : null;
        return choice ?? SelectSuite(hello, all) ?? throw new TlmspException(
            Misbehaviour.NoCommonCipherSuite, $"{hello.CipherSuites.Length} suites offered, {all.Count} certificates to choose from");
    }

    /// <summary>
    /// The client's order decides; a suite counts only with a certificate of its kind. A 256-bit suite only if no 128-bit one is offered: a
    /// reference client offers both and cannot use the former (records-keys.md §11.1).
    /// </summary>
    private (TlmspCipherSuite Suite, TlmspCertificate Certificate)? SelectSuite(ClientHello hello, IEnumerable<TlmspCertificate> certificates)
    {
        // Our side first: a client may offer 32 000 suites, and nothing is to be made anew for each.
        bool aes256 = !TlmspCipherSuite.Aes128.Any(suite => hello.CipherSuites.Contains(suite.Id));
        (TlmspCipherSuite Suite, TlmspCertificate Certificate)[] ours =
        [
            .. from suite in _options.CipherSuites
               where suite.IsAes256 == aes256
               let certificate = certificates.FirstOrDefault(candidate => candidate.IsEcdsa == suite.IsEcdsa)
               where certificate is not null
               select (suite, certificate),
        ];
        foreach (ushort id in hello.CipherSuites)
        {
            foreach ((TlmspCipherSuite Suite, TlmspCertificate Certificate) candidate in ours)
            {
                if (candidate.Suite.Id == id)
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    /// <summary>The client's first group that we have: middleboxes of the reference take it whatever the server chooses (handshake.md §4.2).</summary>
    private KeyExchangeGroup SelectGroup(ushort[]? offered)
    {
        if (offered is null)
        {
            return _options.Groups[0];
        }

        KeyExchangeGroup[] ours = [.. _options.Groups];
        foreach (ushort id in offered)
        {
            foreach (KeyExchangeGroup group in ours)
            {
                if (group.Id == id)
                {
                    return group;
                }
            }
        }

        throw new TlmspException(Misbehaviour.NoCommonGroup, $"{offered.Length} groups offered");
    }

    private void SendFlight(TlmspClientExtension tlmsp, TlmspCertificate certificate, ushort scheme)
    {
        var answer = new TlmspServerExtension(handshake.Path.SessionId, tlmsp.ClientAddress, tlmsp.ServerAddress, handshake.Path.Middleboxes);
        SendOpening(ServerHello.Write(handshake.ServerRandom, handshake.Path.Suite, answer));
        handshake.Channel.ActivateSessionId(handshake.Path.SessionId);

        handshake.ServerLeaf = certificate.Chain[0];
        SendOpening(CertificateMessage.Write(certificate.Chain));

        handshake.Ephemeral = handshake.Group.Generate(_options.Random);
        byte[] parameters = SignedKeyShare.WriteParams(handshake.Group.Id, handshake.Ephemeral.PublicPoint);
        byte[] signed = [.. handshake.ClientRandom, .. handshake.ServerRandom, .. parameters];
        SendOpening(SignedKeyShare.WriteServerKeyExchange(parameters, scheme, SignatureSchemes.Sign(certificate, scheme, signed)));
        if (_options.ClientAuthentication != TlmspClientAuthentication.None)
        {
            byte[] request = CertificateRequestMessage.Write(_options.SignatureSchemes);
            handshake.Transcript.AddEndpointOnly(request);
            handshake.Send(request);
        }

        SendOpening(ShortMessages.ServerHelloDone());
    }

    private void SendOpening(byte[] message)
    {
        handshake.Transcript.AddOpening(message);
        handshake.Send(message);
    }
}
