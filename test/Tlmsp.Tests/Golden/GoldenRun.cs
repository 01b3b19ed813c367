using System.Buffers;
using System.Text;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Recorded;

namespace Tlmsp.Tests.Golden;

/// <summary>What a middlebox does with a container that it may write.</summary>
internal delegate RelayAction GoldenRule(string text, IBufferWriter<byte> replacement);

/// <summary>One run of a golden session in memory, with a log per party as in recorded sessions.</summary>
internal sealed class GoldenRun : IDisposable
{
    private readonly GoldenSession _session;
    private int _atClient;
    private int _atServer;

    public GoldenRun(GoldenSession session)
    {
        _session = session;
        MiddleboxGroups = [.. session.Grants.Select(_ => new RecordingGroup(session.Group))];
        ClientGroup = new RecordingGroup(session.Group);
        ServerGroup = new RecordingGroup(session.Group);
        Rules = new GoldenRule?[session.Grants.Length];
        TlmspClientOptions client = GoldenParties.Client(session, ClientGroup);
        TlmspServerOptions server = GoldenParties.Server(session, ServerGroup);
        TlmspMiddleboxOptions[] middleboxes =
            [.. MiddleboxGroups.Select((group, index) => GoldenParties.Middlebox(session, index, group))];
        Path = new InMemoryPath(client, server, middleboxes[..session.ListedGrants.Length]);
        if (session.IsLastInserted)
        {
            First = Path.TryConnect();
            Path = InMemoryPath.Again(client, First.ClientHandshake.Discovery!, server, middleboxes);
        }

        Path.Connect();
        for (int i = 0; i < session.Grants.Length; i++)
        {
            Path.Handlers[i, 0] = new Watcher(this, i, "client", "server");
            Path.Handlers[i, 1] = new Watcher(this, i, "server", "client");
            Path.Middleboxes[i]!.ClientToServer.AlwaysRegenerate = session.Regenerates;
            Path.Middleboxes[i]!.ServerToClient.AlwaysRegenerate = session.Regenerates;
        }

        session.Script(this);
    }

    /// <summary>The connections that the client gave up to come again; null where the path was right at once.</summary>
    public InMemoryPath? First { get; }

    public InMemoryPath Path { get; }

    public RecordingGroup ClientGroup { get; }

    public RecordingGroup ServerGroup { get; }

    public RecordingGroup[] MiddleboxGroups { get; }

    /// <summary>Per middlebox; null where it leaves everything as it is.</summary>
    public GoldenRule?[] Rules { get; }

    public Dictionary<string, List<RecordedData>> Log { get; } = [];

    public static string MiddleboxName(int index) => $"mbox{index + 1}";

    public void ClientSends(byte context, string text)
    {
        LogSent(RecordedSession.Client, context, text);
        Path.ClientSends(context, Encoding.ASCII.GetBytes(text));
        LogReceived();
    }

    public void ServerSends(byte context, string text)
    {
        LogSent(RecordedSession.Server, context, text);
        Path.ServerSends(context, Encoding.ASCII.GetBytes(text));
        LogReceived();
    }

    public void ClientAlerts(TlmspAlertLevel level, TlmspAlert alert)
    {
        Path.Client!.Writer.WriteAlert(level, alert, 0, Path.Hops[0].ToServer.Writer);
        Deliver();
    }

    public void ServerAlerts(TlmspAlertLevel level, TlmspAlert alert)
    {
        Path.Server!.Writer.WriteAlert(level, alert, 0, Path.Hops[^1].ToClient.Writer);
        Deliver();
    }

    public void MiddleboxInserts(int index, Direction direction, byte context, string text)
    {
        byte[] data = Encoding.ASCII.GetBytes(text);
        Relay(index, direction).Insert(context, data, Output(index, direction));
        Add(MiddleboxName(index), "sending", direction == Direction.ClientToServer ? "server" : "client", context, data);
        Deliver();
    }

    public void MiddleboxAlerts(int index, Direction direction, byte context, TlmspAlert alert)
    {
        Relay(index, direction).WriteAlert(TlmspAlertLevel.Warning, alert, context, Output(index, direction));
        Deliver();
    }

    public void Dispose()
    {
        First?.Dispose();
        Path.Dispose();
    }

    private ContainerRelay Relay(int index, Direction direction) =>
        direction == Direction.ClientToServer ? Path.Middleboxes[index]!.ClientToServer : Path.Middleboxes[index]!.ServerToClient;

    private IBufferWriter<byte> Output(int index, Direction direction) =>
        direction == Direction.ClientToServer ? Path.Hops[index + 1].ToServer.Writer : Path.Hops[index].ToClient.Writer;

    private void Deliver()
    {
        foreach (InMemoryHop hop in Path.Hops)
        {
            hop.Flush();
        }

        Path.Pump();
        LogReceived();
    }

    private void LogSent(string party, byte context, string text)
    {
        foreach (byte[] data in Encoding.ASCII.GetBytes(text).Chunk(ContainerWriter.MaxPlaintext))
        {
            Add(party, "sending", null, context, data);
        }
    }

    private void LogReceived()
    {
        for (; _atClient < Path.AtClient.Containers.Count; _atClient++)
        {
            (byte context, byte[] data, _, _, bool deleted) = Path.AtClient.Containers[_atClient];
            Add(RecordedSession.Client, "received", null, context, data, deleted);
        }

        for (; _atServer < Path.AtServer.Containers.Count; _atServer++)
        {
            (byte context, byte[] data, _, _, bool deleted) = Path.AtServer.Containers[_atServer];
            Add(RecordedSession.Server, "received", null, context, data, deleted);
        }
    }

    private void Add(string party, string op, string? side, byte context, byte[] data, bool deleted = false, int? length = null) =>
        RecordedSessionFile.Add(Log, party).Add(new RecordedData(op, side, context, length ?? data.Length, data, deleted));

    /// <summary>Logs what passes a middlebox, and applies its rule.</summary>
    private sealed class Watcher(GoldenRun run, int index, string from, string to) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            string party = MiddleboxName(index);
            byte[] data = container.IsAlert ? [] : container.Plaintext.ToArray();
            run.Add(party, "received", from, container.ContextId, data, container.IsDeleted, container.PlaintextLength);
            var changed = new ArrayBufferWriter<byte>();
            RelayAction action = run.Rules[index] is { } rule && container.CanWrite && !container.IsDeleted
                ? rule(Encoding.ASCII.GetString(data), changed)
                : RelayAction.Forward;
            replacement.Write(changed.WrittenSpan);
            (byte[] sent, int length, bool deleted) = action switch
            {
                RelayAction.Modify => (changed.WrittenSpan.ToArray(), changed.WrittenCount, container.IsDeleted),
                RelayAction.Delete => ([], 0, true),
                _ => (data, container.PlaintextLength, container.IsDeleted),
            };
            run.Add(party, "sending", to, container.ContextId, sent, deleted, length);
            return action;
        }
    }
}
