namespace Tlmsp.Tool.Decode;

/// <summary>Bytes that travelled in one direction of a connection.</summary>
/// <param name="Direction">To the server or to the client.</param>
/// <param name="Bytes">The bytes, following those of the pieces before in the same direction.</param>
/// <param name="Time">Since the first packet; null where the capture has no times.</param>
internal readonly record struct CapturedPiece(Direction Direction, ReadOnlyMemory<byte> Bytes, TimeSpan? Time);

/// <summary>One connection between neighbours on a path.</summary>
/// <param name="Name">What a reader can tell it by.</param>
/// <param name="Pieces">In the order of the capture.</param>
/// <param name="Problem">What is missing from the capture; null when nothing is.</param>
internal sealed record CapturedHop(string Name, IReadOnlyList<CapturedPiece> Pieces, string? Problem = null);
