namespace Tlmsp;

/// <summary>The client waits for ServerHello and checks it against what it offered (handshake.md §2.7).</summary>
internal sealed class ExpectServerHello(TlmspClientHandshake handshake) : HandshakeState
{
    private const int MaxHelloRequests = 4;
    private int _helloRequests;

    /// <summary>
    /// TLS allows several messages in a record (RFC 5246 §6.2.1): a server without TLMSP is to be told from a bad one that has it.
    /// </summary>
    public override HandshakeMessage Read(byte[] record)
    {
        try
        {
            return base.Read(record);
        }
        catch (TlmspException e) when (e.Misbehaviour == Misbehaviour.CoalescedHandshakeMessages
            && record[0] == (byte)HandshakeType.ServerHello)
        {
            int length = (record[1] << 16) | (record[2] << 8) | record[3];
            if (ServerHello.Read(record.AsSpan(HandshakeMessage.HeaderLength, length)).Tlmsp is null)
            {
                throw MissingExtension();
            }

            throw;
        }
    }

    public override HandshakeState OnMessage(HandshakeMessage message)
    {
        if (message.Type == HandshakeType.HelloRequest && message.Body.IsEmpty)
        {
            // RFC 5246 §7.4.1.1: ignored inside a handshake. A server could go on with it for ever.
            return ++_helloRequests <= MaxHelloRequests
                ? this
                : throw new TlmspException(Misbehaviour.TooManyEmptyMessages, $"{_helloRequests} HelloRequests");
        }

        Require(message, HandshakeType.ServerHello);
        ServerHello hello = ServerHello.Read(message.Body);
        TlmspCipherSuite suite = handshake.Options.CipherSuites.FirstOrDefault(candidate => candidate.Id == hello.CipherSuite)
            ?? throw new TlmspException(Misbehaviour.SuiteNotOffered, $"{hello.CipherSuite:x4}");
        CheckExtensions(hello.Extensions);
        TlmspServerExtension tlmsp = hello.Tlmsp
            ?? throw MissingExtension();

        // Everybody on the path has switched with this message: an alert about it must have the new form already.
        handshake.Channel.ActivateSessionId(tlmsp.SessionId);
        if (tlmsp.ClientAddress != handshake.Options.ClientAddress || tlmsp.ServerAddress != handshake.Options.ServerAddress)
        {
            throw new TlmspException(Misbehaviour.AddressMismatch, $"'{tlmsp.ClientAddress}', '{tlmsp.ServerAddress}'");
        }

        handshake.IsPathChanged = AnsweredPath.Check(handshake, tlmsp);
        handshake.ServerRandom = hello.Random;
        handshake.Path = new SessionPath(tlmsp.SessionId, suite, handshake.Options.Contexts, tlmsp.Middleboxes, handshake.EffectiveGrant);
        handshake.Peers = [.. tlmsp.Middleboxes.Select(entry => new MiddleboxPeer(entry))];
        handshake.BeginTranscript(suite, message.Raw);
        return new ExpectServerCertificate(handshake);
    }

    private static TlmspException MissingExtension() => new(Misbehaviour.MissingTlmspExtension, "the server speaks plain TLS only");

    private static void CheckExtensions(HelloExtensions extensions)
    {
        foreach (ushort type in extensions.Types)
        {
            switch (type)
            {
                case TlmspDialect.ExtensionAlpn or TlmspDialect.ExtensionNpn or TlmspDialect.ExtensionExtendedMasterSecret:
                    throw new TlmspException(Misbehaviour.ForbiddenExtension, $"extension {type} in ServerHello");
                case TlmspDialect.ExtensionTlmsp or TlmspDialect.ExtensionServerName or TlmspDialect.ExtensionSupportedGroups
                    or TlmspDialect.ExtensionPointFormats or TlmspDialect.ExtensionRenegotiationInfo:
                    break;
                default:
                    throw new TlmspException(Misbehaviour.UnofferedExtension, $"extension {type:x4} in ServerHello");
            }
        }
    }
}
