using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.BadInput;

/// <summary>A record of a session: which hop, which direction, which number there.</summary>
internal sealed record Place(int Hop, bool ToServer, int Number, int Length)
{
    /// <summary>All records that were written, or those after a number of flushes.</summary>
    /// <param name="path">A path that has run.</param>
    /// <param name="skip">Per pipe, the flushes to leave out.</param>
    public static Place[] All(InMemoryPath path, Func<InMemoryPipe, int>? skip = null) =>
    [
        .. from hop in Enumerable.Range(0, path.Hops.Length)
           from toServer in (bool[])[true, false]
           let pipe = toServer ? path.ToServer(hop) : path.ToClient(hop)
           from record in pipe.Writes.Skip(skip?.Invoke(pipe) ?? 0).SelectMany(WireRecord.Split).Select((bytes, number) => (bytes, number))
           select new Place(hop, toServer, record.number, record.bytes.Length),
    ];

    public InMemoryPipe Pipe(InMemoryPath path) => ToServer ? path.ToServer(Hop) : path.ToClient(Hop);

    public override string ToString() => $"hop {Hop}, {(ToServer ? "to server" : "to client")}, record {Number}";
}
