using System.Buffers;
using System.Text;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.BadInput;

/// <summary>A request, a response, a second request and close_notify on both sides, through middleboxes that use their rights.</summary>
internal sealed class DataRun : IDisposable
{
    private readonly InMemoryPath _path;
    private readonly Dictionary<InMemoryPipe, int> _handshake;

    private DataRun(string grants, bool audited, Place? place, Mutation? mutation, bool trickles)
    {
        (Grants, Audited) = (grants, audited);
        _path = new PathOptions(grants, audited).Make().Connect();
        InMemoryPipe[] pipes = [.. _path.Hops.SelectMany(hop => (InMemoryPipe[])[hop.ToServer, hop.ToClient])];
        _handshake = pipes.ToDictionary(pipe => pipe, pipe => pipe.Writes.Count);
        Array.ForEach(pipes, pipe => pipe.Trickles = trickles);
        for (int i = 0; i < _path.Middleboxes.Length; i++)
        {
            _path.Handlers[i, 0] = _path.Handlers[i, 1] = new Meddler();
        }

        if (place is not null)
        {
            IsChanged = mutation!.Attach(place.Pipe(_path), place.Number);
        }
    }

    /// <summary>Boxes that read, boxes that change and delete what passes, and boxes without access; audited or not.</summary>
    public static TheoryData<string, bool> Paths => new()
    {
        { "", false }, { "", true }, { "1=rw,2=rw", false }, { "1=rw,2=rw", true }, { "none|1=rw,2=r", false }, { "2=r|1=rw", true },
    };

    public string Grants { get; }

    public bool Audited { get; }

    /// <summary>Whether the damage was one.</summary>
    public Func<bool> IsChanged { get; } = () => false;

    public Place[] Records => Place.All(_path, pipe => _handshake[pipe]);

    public (string Party, Misbehaviour Misbehaviour)? FirstFault => Outcome.First(_path);

    public static DataRun Run(string grants, bool audited, Place? place = null, Mutation? mutation = null, bool trickles = false)
    {
        var run = new DataRun(grants, audited, place, mutation, trickles);
        run.Talk();
        return run;
    }

    /// <summary>Nothing came that was not sent, and whoever found a fault has said so.</summary>
    public void CheckAgainst(DataRun clean)
    {
        AssertPrefix(clean._path.AtServer, _path.AtServer);
        AssertPrefix(clean._path.AtClient, _path.AtClient);
        Outcome.CheckAlerts(_path);
    }

    /// <summary>The same was received, up to the same end.</summary>
    public bool IsLike(DataRun other) =>
        Received(_path.AtServer).SequenceEqual(Received(other._path.AtServer))
        && Received(_path.AtClient).SequenceEqual(Received(other._path.AtClient))
        && _path.Client!.Reader.IsClosed == other._path.Client!.Reader.IsClosed
        && _path.Server!.Reader.IsClosed == other._path.Server!.Reader.IsClosed
        && _path.Faults.Keys.Order().SequenceEqual(other._path.Faults.Keys.Order());

    public void Dispose() => _path.Dispose();

    private static void AssertPrefix(CollectingReceiver clean, CollectingReceiver damaged)
    {
        string[] received = [.. Received(damaged)];
        Assert.Equal(Received(clean).Take(received.Length), received);
    }

    private static IEnumerable<string> Received(CollectingReceiver receiver) => receiver.Containers.Select(
        container => $"{container.Context} {container.Deleted} {Encoding.ASCII.GetString(container.Data)}");

    private void Talk()
    {
        Do("client", () => _path.ClientSends(1, "request head"u8));
        Do("client", () => _path.ClientSends(2, "request body"u8));
        Do("server", () => _path.ServerSends(1, "response head"u8));
        Do("server", () => _path.ServerSends(2, "response body"u8));
        Do("client", () => _path.ClientSends(1, "second request head"u8));
        Do("client", _path.ClientCloses);
        Do("server", _path.ServerCloses);
    }

    private void Do(string party, Action action)
    {
        if (!_path.Faults.ContainsKey(party) && !_path.AlertsReceived.ContainsKey(party))
        {
            action();
        }
    }

    /// <summary>Appends to what is in context 1, and deletes what is in context 2, where it may.</summary>
    private sealed class Meddler : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (!container.CanWrite)
            {
                return RelayAction.Forward;
            }

            replacement.Write(container.Plaintext);
            replacement.Write("!"u8);
            return container.ContextId == 1 ? RelayAction.Modify : RelayAction.Delete;
        }
    }
}
