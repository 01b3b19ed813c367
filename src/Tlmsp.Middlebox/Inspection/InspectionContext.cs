namespace Tlmsp.Middlebox;

/// <summary>What an inspector is told about the connection it looks at.</summary>
/// <param name="ConnectionId">Identifier in the logs.</param>
/// <param name="Session">What was agreed on the path.</param>
/// <param name="Grant">What this middlebox was granted.</param>
public sealed record InspectionContext(string ConnectionId, TlmspSessionInfo Session, Grant Grant)
{
    /// <summary>The address of this middlebox on the path: of several listeners each has its own.</summary>
    public TlmspAddress Address { get; init; }
}
