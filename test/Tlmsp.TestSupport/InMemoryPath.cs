using System.Buffers;

namespace Tlmsp.TestSupport;

/// <summary>A client, any number of middleboxes and a server of ours, joined in memory, all on the caller's thread.</summary>
public sealed class InMemoryPath : IDisposable
{
    private readonly List<TlmspException> _failures = [];

    public InMemoryPath(TlmspClientOptions client, TlmspServerOptions server, params TlmspMiddleboxOptions[] middleboxes)
        : this(new TlmspClientHandshake(client), server, middleboxes)
    {
    }

    private InMemoryPath(TlmspClientHandshake client, TlmspServerOptions server, TlmspMiddleboxOptions[] middleboxes)
    {
        ClientHandshake = client;
        ServerHandshake = new TlmspServerHandshake(server);
        MiddleboxHandshakes = [.. middleboxes.Select(options => new TlmspMiddleboxHandshake(options))];
        Hops = [.. Enumerable.Range(0, middleboxes.Length + 1).Select(_ => new InMemoryHop())];
        Middleboxes = new TlmspMiddleboxSession?[middleboxes.Length];
        Handlers = new IContainerRelayHandler?[middleboxes.Length, 2];
        ServerReceiver = AtServer;
    }

    /// <summary>A client that comes back after a discovery.</summary>
    public static InMemoryPath Again(
        TlmspClientOptions client, TlmspDiscovery discovery, TlmspServerOptions server, params TlmspMiddleboxOptions[] middleboxes) =>
        new(new TlmspClientHandshake(client, discovery), server, middleboxes);

    public TlmspClientHandshake ClientHandshake { get; }

    public TlmspServerHandshake ServerHandshake { get; }

    public TlmspMiddleboxHandshake[] MiddleboxHandshakes { get; }

    /// <summary>Hop 0 is next to the client.</summary>
    public InMemoryHop[] Hops { get; }

    public TlmspSession? Client { get; private set; }

    public TlmspSession? Server { get; private set; }

    public TlmspMiddleboxSession?[] Middleboxes { get; }

    /// <summary>Per middlebox and direction (0 to the server, 1 to the client).</summary>
    public IContainerRelayHandler?[,] Handlers { get; }

    /// <summary>What each party reported, by party name ("client", "server", "middlebox 0").</summary>
    public Dictionary<string, TlmspException> Faults { get; } = [];

    /// <summary>The fatal alert that ended a party's connections, by party name; a middlebox has passed it on.</summary>
    public Dictionary<string, TlmspAlert> AlertsReceived { get; } = [];

    /// <summary>Endpoints that have sent close_notify.</summary>
    public HashSet<string> Closed { get; } = [];

    /// <summary>True when client and server agreed to end this connection for one over another path.</summary>
    public bool IsReconnectNeeded { get; private set; }

    public CollectingReceiver AtClient { get; } = new();

    public CollectingReceiver AtServer { get; } = new();

    /// <summary>Takes what the server receives in place of <see cref="AtServer"/>.</summary>
    public IContainerReceiver ServerReceiver { get; set; }

    /// <summary>Runs the handshake to its end.</summary>
    /// <exception cref="TlmspException">The first fault of any party.</exception>
    public InMemoryPath Connect()
    {
        TryConnect();
        if (_failures.Count > 0)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failures[0]);
        }

        if (Client is null || Server is null || Middleboxes.Any(middlebox => middlebox is null))
        {
            throw new InvalidOperationException("The handshake came to a halt.");
        }

        return this;
    }

    /// <summary>Runs until nothing moves any more; faults are in <see cref="Faults"/>.</summary>
    public InMemoryPath TryConnect()
    {
        ClientHandshake.Start(Hops[0].ToServer.Writer);
        Hops[0].ToServer.Flush();
        return Pump();
    }

    /// <summary>Lets every party take what is there until nothing moves any more.</summary>
    public InMemoryPath Pump()
    {
        bool moved;
        do
        {
            moved = Turn("client", Hops[0].ToClient, StepClient);
            for (int i = 0; i < Middleboxes.Length; i++)
            {
                int index = i;
                moved |= Turn($"middlebox {i}", Hops[i].ToServer, () => StepMiddlebox(index, fromClient: true));
                moved |= Turn($"middlebox {i}", Hops[i + 1].ToClient, () => StepMiddlebox(index, fromClient: false));
            }

            moved |= Turn("server", Hops[^1].ToServer, StepServer);
        }
        while (moved);
        return this;
    }

    public void ClientSends(byte contextId, ReadOnlySpan<byte> data)
    {
        Client!.Writer.Write(contextId, data, Hops[0].ToServer.Writer);
        Hops[0].ToServer.Flush();
        Pump();
    }

    public void ServerSends(byte contextId, ReadOnlySpan<byte> data)
    {
        Server!.Writer.Write(contextId, data, Hops[^1].ToClient.Writer);
        Hops[^1].ToClient.Flush();
        Pump();
    }

    public void ClientCloses()
    {
        Closed.Add("client");
        Client!.Writer.WriteCloseNotify(Hops[0].ToServer.Writer);
        Hops[0].ToServer.Flush();
        Pump();
    }

    public void ServerCloses()
    {
        Closed.Add("server");
        Server!.Writer.WriteCloseNotify(Hops[^1].ToClient.Writer);
        Hops[^1].ToClient.Flush();
        Pump();
    }

    public void Dispose()
    {
        Client?.Dispose();
        Server?.Dispose();
        ClientHandshake.Dispose();
        ServerHandshake.Dispose();
        for (int i = 0; i < Middleboxes.Length; i++)
        {
            Middleboxes[i]?.Dispose();
            MiddleboxHandshakes[i].Dispose();
        }
    }

    private bool Turn(string party, InMemoryPipe input, Action step)
    {
        if (!input.HasUnread || Faults.ContainsKey(party) || AlertsReceived.ContainsKey(party))
        {
            return false;
        }

        bool arrived = input.Arrive();
        long before = input.Unread.Length;
        try
        {
            step();
        }
        catch (TlmspException e)
        {
            Faults[party] = e;
            _failures.Add(e);
            if (e.FromPeer)
            {
                AlertsReceived[party] = e.Alert;
            }
            else
            {
                Tell(party, e);
            }
        }

        FlushAll();
        return arrived || input.Unread.Length != before;
    }

    /// <summary>Sends the alert for a fault in the data phase, as the hosts do; in the handshake the engine has written it.</summary>
    private void Tell(string party, TlmspException fault)
    {
        switch (party)
        {
            case "client":
                Tell(Client, fault, Hops[0].ToServer);
                break;
            case "server":
                Tell(Server, fault, Hops[^1].ToClient);
                break;
            default:
                int index = int.Parse(party.AsSpan("middlebox ".Length), System.Globalization.CultureInfo.InvariantCulture);
                if (Middleboxes[index] is { } session)
                {
                    Tell(session.ClientToServer, fault.Alert, Hops[index + 1].ToServer);
                    Tell(session.ServerToClient, fault.Alert, Hops[index].ToClient);
                }

                break;
        }
    }

    private static void Tell(TlmspSession? session, TlmspException fault, InMemoryPipe pipe)
    {
        if (session is { Writer.IsClosed: false })
        {
            session.Writer.WriteAlert(TlmspAlertLevel.Fatal, fault.Alert, fault.ContextId, pipe.Writer);
        }
    }

    private static void Tell(ContainerRelay relay, TlmspAlert alert, InMemoryPipe pipe)
    {
        if (!relay.IsEnded)
        {
            relay.WriteAlert(TlmspAlertLevel.Fatal, alert, contextId: 0, pipe.Writer);
        }
    }

    private void FlushAll()
    {
        foreach (InMemoryHop hop in Hops)
        {
            hop.Flush();
        }
    }

    private void StepClient()
    {
        ReadOnlySequence<byte> input = Hops[0].ToClient.Unread;
        try
        {
            if (Client is null && ClientHandshake.Process(ref input, Hops[0].ToServer.Writer) == HandshakeStatus.Complete)
            {
                Client = ClientHandshake.Complete();
            }

            while (Client is not null && Client.Reader.TryRead(ref input, AtClient))
            {
            }
        }
        finally
        {
            Hops[0].ToClient.Consumed(input);
        }
    }

    private void StepServer()
    {
        ReadOnlySequence<byte> input = Hops[^1].ToServer.Unread;
        try
        {
            HandshakeStatus status = Server is null
                ? ServerHandshake.Process(ref input, Hops[^1].ToClient.Writer)
                : HandshakeStatus.NeedMoreData;
            if (status == HandshakeStatus.Complete)
            {
                Server = ServerHandshake.Complete();
            }

            IsReconnectNeeded |= status == HandshakeStatus.Reconnect && ClientHandshake.Discovery is not null;

            while (Server is not null && Server.Reader.TryRead(ref input, ServerReceiver))
            {
            }
        }
        finally
        {
            Hops[^1].ToServer.Consumed(input);
        }
    }

    private void StepMiddlebox(int index, bool fromClient)
    {
        InMemoryPipe source = fromClient ? Hops[index].ToServer : Hops[index + 1].ToClient;
        IBufferWriter<byte> toClient = Hops[index].ToClient.Writer;
        IBufferWriter<byte> toServer = Hops[index + 1].ToServer.Writer;
        ReadOnlySequence<byte> input = source.Unread;
        try
        {
            if (Middleboxes[index] is null)
            {
                HandshakeStatus status = fromClient
                    ? MiddleboxHandshakes[index].ProcessClient(ref input, toClient, toServer)
                    : MiddleboxHandshakes[index].ProcessServer(ref input, toClient, toServer);
                if (status == HandshakeStatus.Complete)
                {
                    Middleboxes[index] = MiddleboxHandshakes[index].Complete();
                }
            }

            if (Middleboxes[index] is { } session)
            {
                ContainerRelay relay = fromClient ? session.ClientToServer : session.ServerToClient;
                IContainerRelayHandler? handler = Handlers[index, fromClient ? 0 : 1];
                while (relay.FatalAlert is null && relay.TryRelay(ref input, handler, fromClient ? toServer : toClient))
                {
                }

                if (relay.FatalAlert is { } alert)
                {
                    AlertsReceived[$"middlebox {index}"] = alert;
                }
            }
        }
        finally
        {
            source.Consumed(input);
        }
    }
}

/// <summary>Keeps what an endpoint received.</summary>
public sealed class CollectingReceiver : IContainerReceiver
{
    public List<(byte Context, byte[] Data, byte Origin, byte Author, bool Deleted)> Containers { get; } = [];

    public byte[] Data(byte context) => [.. Containers.Where(c => c.Context == context).SelectMany(c => c.Data)];

    public void OnContainer(in ReceivedContainer container) => Containers.Add(
        (container.ContextId, container.Plaintext.ToArray(), container.Origin, container.Author, container.IsDeleted));
}
