namespace Tlmsp;

/// <summary>The client waits for ServerHello and checks it against what it offered (handshake.md §2.7).</summary>
internal sealed class ExpectServerHello(TlmspClientHandshake handshake) : HandshakeState
{
    private const int MaxHelloRequests = 4;
    private int _helloRequests;

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
            ?? throw new TlmspException(Misbehaviour.MissingTlmspExtension, "the server speaks plain TLS only");

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
