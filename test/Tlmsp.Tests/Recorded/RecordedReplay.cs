using System.Buffers;

namespace Tlmsp.Tests.Recorded;

/// <summary>Replays the sessions of one file through the product's own code, unless <see cref="WhyNotCovered"/> has a reason.</summary>
internal static class RecordedReplay
{
    /// <summary>Keys, confirmations and Finished values of every session.</summary>
    public static string CheckHandshakes(RecordedSessionFile file)
    {
        List<RecordedHandshake> handshakes = [.. file.Sessions.Select(session => new RecordedHandshake(session))];
        handshakes.ForEach(RecordedHandshakeChecks.Run);
        foreach (RecordedHandshake handshake in handshakes.Where(handshake => handshake.Session.ClientHello.Tlmsp!.Discovery is not null))
        {
            RecordedDiscovery.Check(handshake.Session);
        }

        return string.Join(", ", handshakes.Select(handshake => $"{handshake.Peers.Count} middleboxes, went as far as {handshake.Stage}"));
    }

    /// <summary>Every record opens for every entity and seals to the same bytes; the data are those of the parties.</summary>
    public static string CheckRecords(RecordedSessionFile file)
    {
        int count = 0;
        int pending = 0;
        var data = new RecordedDataChecks(file);
        foreach (RecordedHandshake handshake in Protected(file))
        {
            var checks = new RecordedRecordChecks(handshake, data);
            checks.Run();
            count += checks.Sealed;
            pending += checks.Pending;
            if (handshake.Session.IsComplete)
            {
                Assert.True(checks.Sealed >= 2 * handshake.Session.Hops.Count * (1 + handshake.Peers.Count));
            }
        }

        data.Run();
        Assert.True(count > 0);
        return $"{count} records opened and sealed again" + (pending > 0 ? $", {pending} still at a middlebox when the session ended" : "");
    }

    /// <summary>A flipped byte of any record is noticed.</summary>
    public static string CheckFlips(RecordedSessionFile file)
    {
        int atReceiver = 0;
        int atNextEndpoint = 0;
        foreach (RecordedHandshake handshake in Protected(file))
        {
            var flips = new RecordedFlips(handshake);
            for (int hop = 0; hop < handshake.Session.Hops.Count; hop++)
            {
                flips.Run(hop, Direction.ClientToServer);
                flips.Run(hop, Direction.ServerToClient);
            }

            Assert.True(!flips.CouldHide || flips.AtNextEndpoint > 0, "no flip got past a middlebox");
            atReceiver += flips.AtReceiver;
            atNextEndpoint += flips.AtNextEndpoint;
        }

        Assert.True(atReceiver > 0);
        return $"{atReceiver} flips detected by the receiving hop, {atNextEndpoint} by the next endpoint";
    }

    /// <returns>Null for a file whose sessions are all replayed.</returns>
    public static string? WhyNotCovered(RecordedSessionFile file)
    {
        foreach (ServerHello hello in ServerHellos(file))
        {
            if (TlmspCipherSuite.FromId(hello.CipherSuite) is null)
            {
                return $"suite {hello.CipherSuite:x4} is not implemented";
            }

            if (hello.Tlmsp is null)
            {
                return "the server answered with plain TLS";
            }
        }

        return file.Sessions.Any(session => session.Renegotiates) ? "a second handshake on the same connection" : null;
    }

    public static bool HasProtectedRecords(RecordedSessionFile file) => file.Sessions.Any(session => session.HasProtectedRecords);

    /// <summary>Shows that the product refuses what it does not cover.</summary>
    public static void CheckRefused(RecordedSessionFile file)
    {
        if (ServerHellos(file).Any(hello => TlmspCipherSuite.FromId(hello.CipherSuite) is null))
        {
            Assert.Equal(Misbehaviour.SuiteNotOffered, RefusalOfServerHello(file).Misbehaviour);
        }
        else if (ServerHellos(file).Any(hello => hello.Tlmsp is null))
        {
            RefusalOfServerHello(file);
        }
        else
        {
            RecordedSession session = file.Sessions.First(session => session.Renegotiates);
            RecordedStream stream = session.ToServer.Concat(session.ToClient).First(each => each.ProtectedMessages > session.LastFlight);
            byte[] again = stream.Records.Where(record => (RecordType)record[0] == RecordType.Handshake).ElementAt(session.LastFlight);
            TlmspException refusal = Assert.Throws<TlmspException>(() => ReadInDataPhase(again, session.ServerHello!.Tlmsp!.SessionId));
            Assert.Equal(Misbehaviour.Renegotiation, refusal.Misbehaviour);
        }
    }

    private static void ReadInDataPhase(byte[] record, uint sessionId)
    {
        var reader = default(RecordReader);
        var input = new ReadOnlySequence<byte>(record);
        reader.TryRead(ref input, sessionId);
    }

    /// <summary>Our client gets the recorded answer of the server.</summary>
    private static TlmspException RefusalOfServerHello(RecordedSessionFile file)
    {
        RecordedConnection connection = file.Connections.First(connection => RecordedSession.ReadServerHello(connection) is not null);
        using var client = new TlmspClientHandshake(new TlmspClientOptions { Contexts = [new TlmspContext(1)] });
        client.Start(new ArrayBufferWriter<byte>());
        var input = new ReadOnlySequence<byte>(connection.ToClient);
        return Assert.Throws<TlmspException>(() => client.Process(ref input, new ArrayBufferWriter<byte>()));
    }

    private static IEnumerable<ServerHello> ServerHellos(RecordedSessionFile file) =>
        file.Connections.Select(RecordedSession.ReadServerHello).OfType<ServerHello>();

    private static IEnumerable<RecordedHandshake> Protected(RecordedSessionFile file) => file.Sessions
        .Where(session => session.HasProtectedRecords).Select(session => new RecordedHandshake(session))
        .Where(handshake => handshake.Stage >= RecordedStage.Keys);
}
