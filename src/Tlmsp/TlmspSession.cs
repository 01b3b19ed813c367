namespace Tlmsp;

/// <summary>An established session at an endpoint: what is left of a connection once its handshake object is gone.</summary>
public sealed class TlmspSession : IDisposable
{
    private readonly Action _release;
    private readonly Action _dispose;

    internal TlmspSession(TlmspSessionInfo info, ContainerReader reader, ContainerWriter writer, Action release, Action dispose)
    {
        Info = info;
        Reader = reader;
        Writer = writer;
        _release = release;
        _dispose = dispose;
    }

    /// <summary>What was agreed.</summary>
    public TlmspSessionInfo Info { get; }

    /// <summary>The receiving half.</summary>
    public ContainerReader Reader { get; }

    /// <summary>The sending half.</summary>
    public ContainerWriter Writer { get; }

    /// <summary>Drops cipher objects until they are needed again. Call when idle, with neither half in use.</summary>
    public void Release() => _release();

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _dispose();
}

/// <summary>An established session at a middlebox.</summary>
public sealed class TlmspMiddleboxSession : IDisposable
{
    private readonly Action _dispose;

    internal TlmspMiddleboxSession(
        TlmspSessionInfo info, byte self, ContainerRelay clientToServer, ContainerRelay serverToClient, Action dispose)
    {
        Info = info;
        Self = self;
        ClientToServer = clientToServer;
        ServerToClient = serverToClient;
        _dispose = dispose;
    }

    /// <summary>What was agreed.</summary>
    public TlmspSessionInfo Info { get; }

    /// <summary>Own entity id.</summary>
    public byte Self { get; }

    /// <summary>What this middlebox was granted.</summary>
    public Grant Grant => Info.Middleboxes.First(middlebox => middlebox.Id == Self).Grant;

    /// <summary>From the client's half to the server's.</summary>
    public ContainerRelay ClientToServer { get; }

    /// <summary>From the server's half to the client's.</summary>
    public ContainerRelay ServerToClient { get; }

    /// <summary>Drops cipher objects until they are needed again. Call when idle, with neither direction in use.</summary>
    public void Release()
    {
        ClientToServer.Release();
        ServerToClient.Release();
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _dispose();
}
