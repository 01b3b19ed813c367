namespace Tlmsp.Tests.Recorded;

/// <summary>What a recorded handshake must show, as far as it went.</summary>
internal static class RecordedHandshakeChecks
{
    public static void Run(RecordedHandshake handshake)
    {
        if (handshake.Session.IsComplete)
        {
            Assert.Equal(RecordedStage.Finished, handshake.Stage);
            CheckIds(handshake);
        }

        CheckForwarding(handshake.Session);
        if (handshake.Stage >= RecordedStage.Secrets)
        {
            CheckMasters(handshake);
        }

        if (handshake.Stage >= RecordedStage.Keys)
        {
            CheckGrants(handshake);
            CheckKeyMaterial(handshake);
            RecordedKeyChecks.Run(handshake);
            CheckFinished(handshake);
        }
    }

    /// <summary>Middleboxes get other ids in every session; a file names those of one.</summary>
    private static void CheckIds(RecordedHandshake handshake)
    {
        RecordedSessionFile file = handshake.Session.File;
        for (int position = 0; position <= handshake.ServerPosition && handshake.Session.IsAlone; position++)
        {
            byte id = handshake.EntityAt(position);
            Assert.Equal(file.Ids.GetValueOrDefault(handshake.Session.NameAt(position), id), id);
        }
    }

    /// <summary>
    /// Every middlebox passes on every message, byte for byte, but those for itself, and sends the same flight to both sides.
    /// </summary>
    private static void CheckForwarding(RecordedSession session)
    {
        for (int hop = 0; hop + 1 < session.Hops.Count; hop++)
        {
            byte self = session.ClientHello.Tlmsp!.Path[hop].Id;
            CheckPassed(session.ToServer[hop], session.ToServer[hop + 1], self, session.IsComplete);
            CheckPassed(session.ToClient[hop + 1], session.ToClient[hop], self, session.IsComplete);
            byte[][] toServer = FlightOf(session.ToServer[hop + 1], self);
            byte[][] toClient = FlightOf(session.ToClient[hop], self);
            int common = session.IsComplete ? int.MaxValue : Math.Min(toServer.Length, toClient.Length);
            Assert.Equal(toServer.Take(common), toClient.Take(common));
        }
    }

    private static void CheckPassed(RecordedStream arriving, RecordedStream leaving, byte self, bool isComplete)
    {
        byte[][] arrived = [.. arriving.Messages.Where(message => !IsFor(message, self)).Select(message => message.Raw)];
        byte[][] sent = [.. leaving.Messages.Where(message => !IsBy(message, self)).Select(message => message.Raw)];
        Assert.Equal(isComplete ? arrived : arrived.Take(sent.Length), sent);

        // An alert in the clear is passed on as it came; a middlebox's own names it, or has the form without an origin.
        foreach (byte[] alert in leaving.Alerts.Where(alert => alert.Length > 3 && !(alert[1] == 0x80 && alert[3] == self)))
        {
            Assert.Contains(alert, arriving.Alerts);
        }
    }

    private static bool IsFor(HandshakeMessage message, byte middlebox) =>
        message.Type == HandshakeType.MiddleboxKeyMaterial && KeyMaterial.ReadId(message) == middlebox;

    private static bool IsBy(HandshakeMessage message, byte middlebox) =>
        message.Type is HandshakeType.MiddleboxHello or HandshakeType.MiddleboxCertificate or HandshakeType.MiddleboxKeyExchange
            or HandshakeType.MiddleboxHelloDone or HandshakeType.MiddleboxKeyConfirmation
        && KeyMaterial.ReadId(message) == middlebox;

    private static byte[][] FlightOf(RecordedStream stream, byte middlebox) =>
    [
        .. stream.Messages.Where(message => IsBy(message, middlebox) && message.Type != HandshakeType.MiddleboxKeyConfirmation)
            .Select(message => message.Raw),
    ];

    private static void CheckMasters(RecordedHandshake handshake)
    {
        byte[] client = handshake.Session.ClientHello.Random;
        byte[] server = handshake.Session.ServerHello!.Random;
        Check(TlmspDialect.Client, TlmspDialect.Server, client, server, handshake.EndpointSecret);
        for (int i = 0; i < handshake.Peers.Count; i++)
        {
            MiddleboxPeer peer = handshake.Peers[i];
            Check(TlmspDialect.Client, peer.Id, client, peer.ToClientRandom, handshake.ClientSecrets[i]);
            Check(TlmspDialect.Server, peer.Id, server, peer.ToServerRandom, handshake.ServerSecrets[i]);
        }

        void Check(byte a, byte b, byte[] aRandom, byte[] bRandom, PairSecret pair)
        {
            // What both parties recorded: any of them may have given the premaster secret that the pair was derived from.
            RecordedSecret[] all = [.. handshake.Session.Secrets(a, b, aRandom, bRandom)];
            foreach (RecordedSecret recorded in all)
            {
                Assert.Equal(recorded.IdListHash ?? handshake.IdListHash, handshake.IdListHash);
                Assert.Equal(all[0].Premaster, recorded.Premaster);
                Assert.Equal(recorded.Master, pair.Master);
            }
        }
    }

    /// <summary>Each middlebox was given what the list grants it, by both endpoints.</summary>
    private static void CheckGrants(RecordedHandshake handshake)
    {
        for (int i = 0; i < handshake.Peers.Count; i++)
        {
            byte id = handshake.Peers[i].Id;
            (ContributionTable ofClient, ContributionTable ofServer) = handshake.MiddleboxContributions[i];
            CheckParts(handshake, id, handshake.ClientContributions, ofClient);
            CheckParts(handshake, id, handshake.ServerContributions, ofServer);
        }
    }

    private static void CheckParts(RecordedHandshake handshake, byte id, ContributionTable all, ContributionTable part)
    {
        Assert.Equal(all.Synch, part.Synch);
        for (int slot = 0; slot < all.Slots; slot++)
        {
            TlmspAccess access = handshake.Path.AccessOf(id, handshake.Path.ContextAt(slot));
            Assert.True(part.HasEntry(slot));
            Assert.Equal(access >= TlmspAccess.Read ? all.Reader(slot) : default, part.Reader(slot));
            Assert.Equal(access >= TlmspAccess.Write ? all.Writer(slot) : default, part.Writer(slot));
        }
    }

    /// <summary>KeyMaterial and KeyConfirmation of every hop: they open, hold what they must, and seal again to the same bytes.</summary>
    private static void CheckKeyMaterial(RecordedHandshake handshake)
    {
        foreach (RecordedStream stream in handshake.Session.ToServer)
        {
            foreach (HandshakeMessage message in stream.Messages)
            {
                CheckKeyMaterial(handshake, message, TlmspDialect.Client);
            }
        }

        foreach (RecordedStream stream in handshake.Session.ToClient)
        {
            foreach (HandshakeMessage message in stream.Messages)
            {
                CheckKeyMaterial(handshake, message, TlmspDialect.Server);
            }
        }
    }

    private static void CheckKeyMaterial(RecordedHandshake handshake, HandshakeMessage message, byte endpoint)
    {
        if (message.Type is not (HandshakeType.MiddleboxKeyMaterial or HandshakeType.MiddleboxKeyConfirmation))
        {
            return;
        }

        bool fromClient = endpoint == TlmspDialect.Client;
        bool confirms = message.Type == HandshakeType.MiddleboxKeyConfirmation;
        byte id = KeyMaterial.ReadId(message);
        int index = handshake.Path.PositionOf(id) - 1;
        PairSecret[] pairs = fromClient != confirms ? handshake.ClientSecrets : handshake.ServerSecrets;
        SecretKey key = id is TlmspDialect.Server ? handshake.EndpointSecret.AToB
            : id is TlmspDialect.Client ? handshake.EndpointSecret.BToA
            : confirms ? pairs[index].BToA : pairs[index].AToB;

        ContributionTable table = KeyMaterial.Open(message, confirms ? id : endpoint, handshake.Path, key);
        CheckParts(handshake, id, fromClient ? handshake.ClientContributions : handshake.ServerContributions, table);
        var nonces = new RecordedNonces();
        nonces.Add(message.Body.Slice(1, TlmspDialect.NonceLength));
        byte[] again = KeyMaterial.Seal(
            message.Type, id, handshake.Path, table, context => handshake.Path.AccessOf(id, context), key, nonces);
        Assert.Equal(message.Raw, again);
    }

    private static void CheckFinished(RecordedHandshake handshake)
    {
        int last = handshake.ServerPosition - 1;
        byte[][] fromClient = Messages(handshake, 0, Direction.ClientToServer);
        byte[][] fromServer = Messages(handshake, last, Direction.ServerToClient);
        if (fromClient.Length > 0)
        {
            CheckFinished(handshake, fromClient[0], ofClient: true);
        }

        if (handshake.NewSessionTicket is { } ticket)
        {
            handshake.Transcript.AddEndpointOnly(ticket);
        }

        if (fromServer.Length > 0)
        {
            CheckFinished(handshake, fromServer[0], ofClient: false);
        }

        for (int hop = 0; hop <= last; hop++)
        {
            CheckLastFlight(handshake, hop, Direction.ClientToServer);
            CheckLastFlight(handshake, hop, Direction.ServerToClient);
        }
    }

    private static void CheckFinished(RecordedHandshake handshake, byte[] message, bool ofClient)
    {
        Assert.Equal(HandshakeType.Finished, HandshakeMessage.FromRecord(message).Type);
        byte[] expected = handshake.Transcript.FinishedValue(handshake.EndpointSecret.Master, ofClient);
        Assert.Equal(expected, message[HandshakeMessage.HeaderLength..]);
        handshake.Transcript.AddFinished(message, ofClient);
    }

    /// <summary>
    /// On the sender's side of a middlebox the endpoint's own value passes, behind it the value that the middlebox put in its place.
    /// </summary>
    private static void CheckLastFlight(RecordedHandshake handshake, int hop, Direction direction)
    {
        bool toServer = direction == Direction.ClientToServer;
        byte[][] messages = Messages(handshake, hop, direction);
        if (messages.Length > 0)
        {
            Assert.Equal(toServer ? handshake.Transcript.ClientFinished : handshake.Transcript.ServerFinished, messages[0]);
        }

        for (int i = 0; i + 1 < messages.Length; i++)
        {
            MiddleboxPeer peer = handshake.Peers[i];
            bool clientSide = hop <= i;
            string label = (toServer, clientSide) switch
            {
                (true, true) => TlmspDialect.LabelClientMiddleboxFinished,
                (true, false) => TlmspDialect.LabelMiddleboxServerFinished,
                (false, true) => TlmspDialect.LabelMiddleboxClientFinished,
                (false, false) => TlmspDialect.LabelServerMiddleboxFinished,
            };
            byte[] expected = handshake.Transcript.MiddleboxFinishedValue(
                (clientSide ? handshake.ClientSecrets[i] : handshake.ServerSecrets[i]).Master, label,
                peer.HelloMessage, peer.CertificateBytes, peer.HelloDoneMessage,
                Transcript.SharedContributions(handshake.Path, peer.Id, handshake.ClientContributions, handshake.ServerContributions));
            (byte id, byte[] value) = ShortMessages.ReadMiddleboxFinished(HandshakeMessage.FromRecord(messages[1 + i]));
            Assert.Equal(peer.Id, id);
            Assert.Equal(expected, value);
        }
    }

    /// <summary>The protected handshake messages of a hop, opened as their receiver would.</summary>
    private static byte[][] Messages(RecordedHandshake handshake, int hop, Direction direction)
    {
        int receiver = direction == Direction.ClientToServer ? hop + 1 : hop;
        return [.. RecordedReceiver.OpenAll(
            handshake.Session.Stream(hop, direction), handshake.Path.SessionId, handshake.Receiver(receiver, direction))
            .Where(item => item.Message is not null).Select(item => item.Message!)];
    }
}
