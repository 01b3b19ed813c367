namespace Tlmsp;

/// <summary>The way data travels on the path (records-keys.md §0.1).</summary>
public enum Direction
{
    /// <summary>From the client to the server.</summary>
    ClientToServer,

    /// <summary>From the server to the client.</summary>
    ServerToClient,
}
