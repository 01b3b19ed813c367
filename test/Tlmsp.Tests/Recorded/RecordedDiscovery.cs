namespace Tlmsp.Tests.Recorded;

/// <summary>A client that came again because the server had put a middlebox on the path (handshake.md §1.5).</summary>
internal static class RecordedDiscovery
{
    /// <summary>
    /// The new hello answers the first connection: its session id, its messages and its list; the server sticks to all that.
    /// </summary>
    public static void Check(RecordedSession session)
    {
        TlmspClientExtension hello = session.ClientHello.Tlmsp!;
        (uint sessionId, byte[] hash, IReadOnlyList<MiddleboxEntry> list) = hello.Discovery!.Value;
        RecordedSession first = session.File.Sessions.First(other => other.ServerHello?.Tlmsp?.SessionId == sessionId && other != session);
        Assert.Equal(first.ClientHello.Tlmsp!.Middleboxes, hello.Middleboxes);
        Assert.Equal(first.ServerHello!.Tlmsp!.Middleboxes, list);
        Assert.Equal(list, session.ServerHello!.Tlmsp!.Middleboxes);
        Assert.Equal(sessionId, session.ServerHello.Tlmsp.SessionId);

        // What the client had seen when it gave up, no flight of a middlebox yet.
        using var transcript = new Transcript(TlmspCipherSuite.FromId(first.ServerHello.CipherSuite)!);
        transcript.AddOpening(first.ToServer[0].Messages[0].Raw);
        foreach (HandshakeMessage message in first.ToClient[0].Messages.TakeWhile(message => message.Type != HandshakeType.MiddleboxHello))
        {
            transcript.AddOpening(message.Raw);
        }

        Assert.Equal(hash, transcript.CurrentHash());
        Assert.Equal(TlmspAlert.CloseNotify, first.ToServer[0].FatalAlert);
    }
}
