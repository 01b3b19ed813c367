using System.Buffers;
using System.IO.Pipelines;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>
/// A client, a middlebox with inspectors and a server, with TLMSP between them: the relay as it is, on pipes in memory and on the test's
/// own thread, so that a case that fails fails again.
/// </summary>
internal sealed class PumpedPath : IDisposable
{
    private const int MaxHeldBytes = 1024 * 1024;
    private readonly InMemoryPath _path;
    private readonly CancellationTokenSource _stop = new();

    public PumpedPath(HttpProfile profile, Grant grant, bool audited, params ITlmspInspector[] inspectors)
    {
        TlmspClientOptions options = TestPaths.Client(audited, grant);
        options.Contexts = [.. profile.CreateContexts(audited)];
        _path = new InMemoryPath(options, TestPaths.Server(), TestPaths.Middlebox(0)).Connect();
        TlmspMiddleboxSession session = _path.Middleboxes[0]!;
        var context = new InspectionContext("test", session.Info, session.Grant);
        var messages = new InspectedMessages(context, profile, TimeProvider.System);
        var observers = new HttpObservers(profile, session.Grant, HttpMappingMode.Strict, HttpFramerLimits.Default);
        var answers = new BoxAnswers(256 * 1024);
        Http2Interventions? http2 = profile.Version == HttpWireVersion.Http2
            ? new Http2Interventions(profile, session.Grant, observers.Streams, 256 * 1024)
            : null;
        var set = new InspectorSet(inspectors, [], []);
        HttpMapper client = Mapper(_path.Client!, HttpDirection.Response);
        HttpMapper server = Mapper(_path.Server!, HttpDirection.Request);
        Requests = new PumpedWay(
            HttpDirection.Request, profile, (_path.Client!, client.Splitter), (_path.Server!, server.Joiner),
            (input, output) => new RelayPump(session.ClientToServer, null, input, output, Queue(HttpDirection.Request)));
        Responses = new PumpedWay(
            HttpDirection.Response, profile, (_path.Server!, server.Splitter), (_path.Client!, client.Joiner),
            (input, output) => new RelayPump(session.ServerToClient, null, input, output, Queue(HttpDirection.Response)));
        answers.Added = Responses.Pump.Wake;
        http2?.OnWork(HttpDirection.Request, Requests.Pump.Wake);
        http2?.OnWork(HttpDirection.Response, Responses.Pump.Wake);
        Requests.Start(_stop.Token);
        Responses.Start(_stop.Token);

        HttpMapper Mapper(TlmspSession endpoint, HttpDirection receives) => HttpMapper.Create(
            profile, receives, HttpMappingMode.Strict, HttpFramerLimits.Default, [], new HttpAuditTrail(endpoint.Info, profile, receives),
            allowResizing: false);

        InspectionQueue Queue(HttpDirection direction)
        {
            var writer = new VerdictWriter(
                direction, profile, context, messages, observers.Exchanges, answers,
                http2 is null ? null : new Http2VerdictWriter(direction, profile, session.Grant, messages, http2));
            var stages = new InspectionStages(direction, set, writer, messages, new InspectorWatch(), new MiddleboxMetrics(), MaxHeldBytes);
            IInsertionTurn? turn = http2 is not null ? new Http2Turn(direction, http2)
                : direction == HttpDirection.Response ? new ResponseTurn(answers, profile)
                : null;
            return new InspectionQueue(direction, profile, observers.For(direction), messages, stages, turn, http2);
        }
    }

    public PumpedWay Requests { get; }

    public PumpedWay Responses { get; }

    public void Dispose()
    {
        _stop.Cancel();
        _path.Dispose();
        _stop.Dispose();
    }
}

/// <summary>One direction of a path.</summary>
internal sealed class PumpedWay : IHttpContainerSink
{
    private static readonly PipeOptions s_inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly HttpDirection _direction;
    private readonly HttpProfile _profile;
    private readonly (TlmspSession Session, IHttpSplitter Splitter) _sender;
    private readonly (TlmspSession Session, IHttpJoiner Joiner) _receiver;
    private readonly Pipe _input = new(s_inline);
    private readonly Pipe _output = new(s_inline);
    private readonly List<(byte ContextId, byte[] Bytes)> _containers = [];
    private readonly ArrayBufferWriter<byte> _joined = new();

    public PumpedWay(
        HttpDirection direction, HttpProfile profile, (TlmspSession Session, IHttpSplitter Splitter) sender,
        (TlmspSession Session, IHttpJoiner Joiner) receiver, Func<PipeReader, PipeWriter, RelayPump> pump)
    {
        _direction = direction;
        _profile = profile;
        _sender = sender;
        _receiver = receiver;
        Pump = pump(_input.Reader, _output.Writer);
    }

    public RelayPump Pump { get; }

    /// <summary>The pump at work: ends with what it says.</summary>
    public Task<bool> Running { get; private set; } = null!;

    public void Start(CancellationToken stop) => Running = Pump.RunAsync(stop, stop);

    /// <summary>Sends a part of a stream.</summary>
    /// <param name="stream">What the endpoint writes.</param>
    /// <param name="containers">The sizes of containers, over and over; smaller where the mapping says so.</param>
    /// <param name="reads">How many bytes arrive at the middlebox at a time, over and over.</param>
    public async Task SendAsync(byte[] stream, int[] containers, int[] reads)
    {
        _sender.Splitter.Write(stream, this);
        _sender.Splitter.Flush(this);
        (byte ContextId, byte[] Bytes)[] cut = [.. _containers];
        _containers.Clear();
        var wire = new ArrayBufferWriter<byte>();
        foreach ((byte contextId, byte[] bytes) in cut)
        {
            foreach (byte[] piece in Cuts.Of(bytes, containers, bytes.Length / 40))
            {
                _sender.Session.Writer.Write(contextId, piece, wire);
            }
        }

        foreach (byte[] read in Cuts.Of(wire.WrittenSpan.ToArray(), reads, wire.WrittenCount / 200))
        {
            if (Running.IsCompleted)
            {
                return;
            }

            await _input.Writer.WriteAsync(read).ConfigureAwait(false);
        }

    }

    /// <summary>Ends this direction of the connection in order.</summary>
    /// <returns>What the pump says.</returns>
    public async Task<bool> EndAsync()
    {
        await _input.Writer.CompleteAsync().ConfigureAwait(false);
        return await Running.WaitAsync(s_patience).ConfigureAwait(false);
    }

    /// <summary>Ends the direction as the host does after a fault.</summary>
    public async Task TellAsync(TlmspAlert alert)
    {
        Pump.WriteAlert(alert);
        await _output.Writer.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>What the other endpoint reads, held to the mapping.</summary>
    /// <exception cref="TlmspException">A fatal alert came.</exception>
    public byte[] Receive()
    {
        var receiver = new CollectingReceiver();
        try
        {
            while (_output.Reader.TryRead(out ReadResult result) && !result.Buffer.IsEmpty)
            {
                ReadOnlySequence<byte> buffer = result.Buffer;
                try
                {
                    while (_receiver.Session.Reader.TryRead(ref buffer, receiver))
                    {
                    }
                }
                finally
                {
                    _output.Reader.AdvanceTo(buffer.Start, buffer.End);
                }
            }
        }
        finally
        {
            foreach ((byte contextId, byte[] data, _, _, _) in receiver.Containers)
            {
                _receiver.Joiner.Accept(_profile.RoleOf(contextId, _direction), contextId, data, _joined);
            }
        }

        return Received;
    }

    /// <summary>What <see cref="Receive"/> has read so far.</summary>
    public byte[] Received => _joined.WrittenSpan.ToArray();

    void IHttpContainerSink.Emit(byte contextId, ReadOnlySpan<byte> plaintext) => _containers.Add((contextId, plaintext.ToArray()));
}
