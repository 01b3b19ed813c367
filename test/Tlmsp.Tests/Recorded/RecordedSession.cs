namespace Tlmsp.Tests.Recorded;

/// <summary>One session: the connections that carry one and the same ClientHello, from the client to the server.</summary>
internal sealed class RecordedSession
{
    public const string Client = "client";
    public const string Server = "server";

    private RecordedSession(RecordedSessionFile file, IReadOnlyList<RecordedConnection> hops)
    {
        File = file;
        Hops = hops;
        ServerHello = ReadServerHello(hops[0]);
        ToServer = [.. hops.Select(hop => RecordedStream.Read(hop.ToServer, ReadServerHello(hop)?.Tlmsp?.SessionId))];
        ToClient = [.. hops.Select(hop => RecordedStream.Read(hop.ToClient, ReadServerHello(hop)?.Tlmsp?.SessionId))];
        ClientHello = ClientHello.Read(ToServer[0].Messages[0].Body);
    }

    public RecordedSessionFile File { get; }

    public IReadOnlyList<RecordedConnection> Hops { get; }

    /// <summary>Per hop.</summary>
    public RecordedStream[] ToServer { get; }

    public RecordedStream[] ToClient { get; }

    public ClientHello ClientHello { get; }

    /// <summary>As the client got it; null when it did not.</summary>
    public ServerHello? ServerHello { get; }

    /// <summary>Judged by record types alone: on every hop both last flights went through.</summary>
    public bool IsComplete => ToServer.Concat(ToClient).All(stream => stream.ProtectedMessages >= LastFlight);

    /// <summary>Whether what the parties recorded is of this session alone.</summary>
    public bool IsAlone => File.Sessions.Count(session => session.IsComplete) == 1;

    /// <summary>A handshake in the data phase.</summary>
    public bool Renegotiates => ToServer.Concat(ToClient).Any(stream => stream.ProtectedMessages > LastFlight);

    /// <summary>Protected messages of each endpoint: Finished, and one MiddleboxFinished per middlebox.</summary>
    public int LastFlight => 1 + (ServerHello?.Tlmsp?.Middleboxes.Count ?? Hops.Count - 1);

    public bool HasProtectedRecords => ToServer.Concat(ToClient).Any(stream => stream.Records.Count > 0);

    /// <summary>Name of the party at a place on the path.</summary>
    public string NameAt(int position) => position == 0 ? Hops[0].From : Hops[position - 1].To;

    public RecordedStream Stream(int hop, Direction direction) => direction == Direction.ClientToServer ? ToServer[hop] : ToClient[hop];

    /// <summary>What the parties recorded about a pair.</summary>
    public IEnumerable<RecordedSecret> Secrets(byte a, byte b, byte[] aRandom, byte[] bRandom) => File.Secrets.Where(secret =>
        secret.A == a && secret.B == b
        && (secret.ARandom is null || secret.ARandom.AsSpan().SequenceEqual(aRandom))
        && (secret.BRandom is null || secret.BRandom.AsSpan().SequenceEqual(bRandom)));

    /// <summary>Takes the sessions of a file apart. Middleboxes pass ClientHello on unchanged, so its random tells them apart.</summary>
    public static List<RecordedSession> Of(RecordedSessionFile file)
    {
        IEnumerable<IGrouping<string, RecordedConnection>> groups = file.Connections.GroupBy(ClientRandom);
        return [.. groups.Select(group => new RecordedSession(file, InOrder([.. group])))];
    }

    /// <summary>ServerHello as it is on one connection, whatever became of the session; null when there is none.</summary>
    public static ServerHello? ReadServerHello(RecordedConnection connection)
    {
        RecordedStream stream = RecordedStream.ReadFirst(connection.ToClient);
        return stream.Messages is [{ Type: HandshakeType.ServerHello } message] ? ServerHello.Read(message.Body) : null;
    }

    private static string ClientRandom(RecordedConnection connection)
    {
        RecordedStream stream = RecordedStream.ReadFirst(connection.ToServer);
        return stream.Messages is [{ Type: HandshakeType.ClientHello } message]
            ? Convert.ToHexString(ClientHello.Read(message.Body).Random)
            : throw new InvalidDataException($"No ClientHello was recorded from {connection.From} to {connection.To}.");
    }

    private static List<RecordedConnection> InOrder(List<RecordedConnection> connections)
    {
        var hops = new List<RecordedConnection>();
        string at = connections.Find(connection => connections.TrueForAll(other => other.To != connection.From))?.From ?? Client;
        while (connections.Find(connection => connection.From == at && !hops.Contains(connection)) is { } next)
        {
            hops.Add(next);
            at = next.To;
        }

        IEnumerable<string> recorded = connections.Select(connection => $"{connection.From} to {connection.To}");
        return hops.Count == connections.Count
            ? hops
            : throw new InvalidDataException($"Not a path from the client: {string.Join(", ", recorded)}.");
    }
}
