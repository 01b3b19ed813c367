using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>One direction of the relay, on pipes in memory and on the test's own thread.</summary>
[Collection(nameof(NotInParallel))]     // others would use up the shared pool's arrays
public sealed class RelayPumpTests : IDisposable
{
    private const int Record = 16_355;
    private static readonly PipeOptions s_inline = new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0,
        useSynchronizationContext: false);

    private readonly InMemoryPath _path = TestPaths.Make(
        audited: false, Grant.Read(HttpContexts.Headers) + Grant.Write(HttpContexts.Body)).Connect();

    private readonly Pipe _input = new(s_inline);
    private readonly Pipe _output = new(s_inline);
    private readonly WriteLog _writes = new();
    private readonly CancellationTokenSource _stop = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Records_that_arrive_in_one_read_leave_in_one_write(bool inspect)
    {
        RelayPump pump = Pump(inspect);
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, PeerPath.Request.Replace("Length: 1", "Length: 40", StringComparison.Ordinal));
        for (int i = 0; i < 40; i++)
        {
            Send(HttpContexts.Body, "x");
        }

        await _input.Writer.FlushAsync();

        Assert.Equal(1, _writes.Count);
        Assert.Equal(new string('x', 40), Encoding.ASCII.GetString(Received(HttpContexts.Body)));
        await _input.Writer.CompleteAsync();
        Assert.True(await running);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_batch_is_sent_before_the_next_is_relayed(bool inspect)
    {
        RelayPump pump = Pump(inspect);
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, PeerPath.Request.Replace("Length: 1", $"Length: {60 * Record}", StringComparison.Ordinal));
        for (int i = 0; i < 60; i++)
        {
            _path.Client!.Writer.Write(HttpContexts.Body, new byte[Record], _input.Writer);
        }

        await _input.Writer.FlushAsync();

        Assert.Equal(60 * Record, Received(HttpContexts.Body).Length);
        Assert.All(_writes.Sizes[..^1], size => Assert.InRange(size, RelayPump.BatchBytes, RelayPump.BatchBytes + Record + 200));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("seeing")]
    [InlineData("reading")]
    [InlineData("replacing")]
    [InlineData("chunking")]
    public async Task Relaying_allocates_nothing_per_container(string inspector)
    {
        const int reads = 200;
        const int containers = 30;
        bool isChunked = inspector == "chunking";
        RelayPump pump = Pump(inspector switch
        {
            "no" => null,
            "seeing" => new Seeing(),
            "reading" => new DelegateInspector { Content = (_, content) => content.Memory.Span.Contains((byte)1) ? InspectionVerdict.Drop("1") : default },
            _ => Replacing(isChunked, same: true),
        });
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, isChunked ? ChunkedRequest : PeerPath.Request.Replace("Length: 1", "Length: 100000000", StringComparison.Ordinal));
        await ReadsAsync(containers);       // warms up

        long one = await ReadsAsync(1);
        long many = await ReadsAsync(containers);

        // Two bytes each leave room for an array that the shared pool has dropped meanwhile.
        Assert.InRange(many - one, long.MinValue, 2 * (containers - 1) * reads);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        // What the pump allocates for so many reads of so many containers.
        async ValueTask<long> ReadsAsync(int count)
        {
            byte[] content = [.. isChunked ? "3e0\r\n"u8 : "12345"u8, .. new byte[992], .. "\r\n"u8];
            long allocated = 0;
            for (int i = 0; i < reads; i++)
            {
                for (int j = 0; j < count; j++)
                {
                    _path.Client!.Writer.Write(HttpContexts.Body, content, _input.Writer);
                }

                long before = GC.GetAllocatedBytesForCurrentThread();
                ValueTask<FlushResult> flush = _input.Writer.FlushAsync();      // runs the pump, on this thread
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(flush.IsCompletedSuccessfully);
                await flush;
                ReadResult sent = await _output.Reader.ReadAsync();
                Assert.InRange(sent.Buffer.Length, count * 992, (count + 1) * (content.Length + 200));
                _output.Reader.AdvanceTo(sent.Buffer.End);
            }

            return allocated;
        }
    }

    [Fact]
    public async Task A_chunk_made_here_takes_the_containers_that_its_content_came_in_and_empties_none()
    {
        const int size = 40_000;     // one batch
        RelayPump pump = Pump(Replacing(resizes: true, same: true));
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, ChunkedRequest);
        byte[] content = [.. Enumerable.Range(0, size).Select(i => (byte)i)];
        _path.Client!.Writer.Write(HttpContexts.Body, [.. "9c40\r\n"u8, .. content, .. "\r\n0\r\n\r\n"u8], _input.Writer);
        await _input.Writer.FlushAsync();

        Assert.Equal(content, Unchunked(Received(HttpContexts.Body)));
        var containers = _path.AtServer.Containers.Where(container => container.Context == HttpContexts.Body).ToList();
        Assert.Equal(3, containers.Count);      // as the client sent them
        byte client = _path.AtServer.Containers[0].Origin;
        Assert.All(containers, container => Assert.Equal((client, false), (container.Origin, container.Data.Length == 0)));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Chunks_of_two_messages_in_one_container_stay_in_order_however_long_they_become()
    {
        RelayPump pump = Pump(Replacing(resizes: true, same: false));
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, ChunkedRequest);
        Send(HttpContexts.Body, "3\r\nabc\r\n");
        Send(HttpContexts.Body, "1\r\nd\r\n0\r\n\r\n");
        Send(HttpContexts.Headers, ChunkedRequest);
        Send(HttpContexts.Body, "2\r\nef\r\n");
        Send(HttpContexts.Body, "3\r\nghi\r\n0\r\n\r\n");
        await _input.Writer.FlushAsync();

        byte[] received = Received(HttpContexts.Body);
        int end = received.AsSpan().IndexOf("\r\n0\r\n\r\n"u8) + 7;
        Assert.Equal(Longer("abcd"u8), Unchunked(received[..end]));
        Assert.Equal(Longer("efghi"u8), Unchunked(received[end..]));
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_fault_inside_a_batch_comes_after_what_was_good_and_the_alert_after_that()
    {
        RelayPump pump = Pump(inspect: false);
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Body, "good");
        _input.Writer.Write("no record"u8);
        await _input.Writer.FlushAsync();

        TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => running);
        pump.WriteAlert(fault.Alert);
        await _output.Writer.FlushAsync();

        TlmspException end = Assert.Throws<TlmspException>(() => Received(HttpContexts.Body));
        Assert.Equal((true, fault.Alert), (end.FromPeer, end.Alert));
        Assert.Equal("good"u8, _path.AtServer.Data(HttpContexts.Body));
    }

    [Fact]
    public async Task With_inspectors_a_fault_inside_a_batch_takes_the_batch_back_and_the_alert_takes_its_place()
    {
        RelayPump pump = Pump(inspect: true);
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, PeerPath.Request);
        await _input.Writer.FlushAsync();
        Send(HttpContexts.Body, "x");
        _input.Writer.Write("no record"u8);
        await _input.Writer.FlushAsync();

        TlmspException fault = await Assert.ThrowsAsync<TlmspException>(() => running);
        pump.WriteAlert(fault.Alert);
        await _output.Writer.FlushAsync();

        TlmspException end = Assert.Throws<TlmspException>(() => Received(HttpContexts.Body));
        Assert.Equal((true, fault.Alert), (end.FromPeer, end.Alert));
        Assert.Equal(Encoding.ASCII.GetBytes(PeerPath.Request), _path.AtServer.Data(HttpContexts.Headers));
        Assert.Empty(_path.AtServer.Data(HttpContexts.Body));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_direction_that_idles_drops_its_cipher_objects_once_and_goes_on_when_something_comes(bool inspect)
    {
        RelayPump pump = Pump(inspect);
        Task<bool> running = pump.RunAsync(_stop.Token, _stop.Token);
        Send(HttpContexts.Headers, PeerPath.Request.Replace("Length: 1", "Length: 1000", StringComparison.Ordinal));
        for (int i = 0; i < 100; i++)
        {
            await RelayByteAsync();
        }

        long usual = await RelayByteAsync();
        long later = Environment.TickCount64 + 10_000;
        pump.ReleaseIfIdle(later, TimeSpan.FromSeconds(20));
        Assert.InRange(await RelayByteAsync(), 0, usual);       // not idle for that long

        pump.ReleaseIfIdle(later, TimeSpan.FromSeconds(5));
        pump.ReleaseIfIdle(later, TimeSpan.FromSeconds(5));
        Assert.True(await RelayByteAsync() > usual, "the cipher objects should have been made anew");
        Assert.InRange(await RelayByteAsync(), 0, usual);
        Assert.False(running.IsCompleted);
        Assert.Equal(104, Received(HttpContexts.Body).Length);

        // What relaying one more byte allocates on this thread.
        async ValueTask<long> RelayByteAsync()
        {
            Send(HttpContexts.Body, "x");
            long before = GC.GetAllocatedBytesForCurrentThread();
            ValueTask<FlushResult> flush = _input.Writer.FlushAsync();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            await flush;
            return allocated;
        }
    }

    public void Dispose()
    {
        _path.Dispose();
        _stop.Dispose();
    }

    private static string ChunkedRequest => PeerPath.Request.Replace("Content-Length: 1", "Transfer-Encoding: chunked", StringComparison.Ordinal);

    private RelayPump Pump(bool inspect) => Pump(inspect ? new Seeing() : null);

    private RelayPump Pump(ITlmspInspector? inspector)
    {
        SynchronizationContext.SetSynchronizationContext(null);     // with xunit's, continuations would go to other threads
        TlmspMiddleboxSession session = _path.Middleboxes[0]!;
        InspectionQueue? queue = inspector is null ? null : Queue(session, inspector);
        PipeWriter output = new LoggingDuplexPipe(new Duplex(_output.Reader, _output.Writer), _writes).Output;
        return new RelayPump(session.ClientToServer, handshakeRead: null, _input.Reader, output, queue);
    }

    private static InspectionQueue Queue(TlmspMiddleboxSession session, ITlmspInspector inspector)
    {
        var context = new InspectionContext("test", session.Info, session.Grant);
        var messages = new InspectedMessages(context, HttpProfile.Two, TimeProvider.System);
        var observers = new HttpObservers(HttpProfile.Two, session.Grant, HttpMappingMode.Strict, HttpFramerLimits.Default);
        var writer = new VerdictWriter(HttpDirection.Request, HttpProfile.Two, context, messages, observers.Exchanges, new BoxAnswers(), http2: null);
        var stages = new InspectionStages(
            HttpDirection.Request, new InspectorSet([inspector], [], []), writer, messages, new InspectorWatch(), new MiddleboxMetrics(), 256 * 1024);
        return new InspectionQueue(HttpDirection.Request, HttpProfile.Two, observers.For(HttpDirection.Request), messages, stages, turn: null, http2: null);
    }

    private void Send(byte contextId, string text) => _path.Client!.Writer.Write(contextId, Encoding.ASCII.GetBytes(text), _input.Writer);

    /// <summary>Replaces all content, by as much or by more than fits a container.</summary>
    private static DelegateInspector Replacing(bool resizes, bool same)
    {
        byte[] replacement = new byte[256 * 1024];
        return new DelegateInspector
        {
            Needs = resizes ? [DelegateInspector.Writes(HttpDirection.Request, HttpRole.Content)] : [],
            Content = (_, content) =>
            {
                content.Memory.CopyTo(replacement);
                content.Replace(same ? replacement.AsMemory(0, content.Memory.Length) : Longer(content.Memory.Span));
                return default;
            },
        };
    }

    private static byte[] Longer(ReadOnlySpan<byte> content) => [.. content, .. new byte[40_000]];

    /// <summary>The content of a message with one chunk.</summary>
    private static byte[] Unchunked(byte[] body)
    {
        int line = body.AsSpan().IndexOf("\r\n"u8);
        int size = Convert.ToInt32(Encoding.ASCII.GetString(body, 0, line), 16);
        Assert.Equal("\r\n0\r\n\r\n"u8, body.AsSpan(line + 2 + size));
        return body[(line + 2)..(line + 2 + size)];
    }

    /// <summary>Everything the server has received in a context.</summary>
    private byte[] Received(byte contextId)
    {
        while (_output.Reader.TryRead(out ReadResult result) && !result.Buffer.IsEmpty)
        {
            ReadOnlySequence<byte> buffer = result.Buffer;
            try
            {
                while (_path.Server!.Reader.TryRead(ref buffer, _path.AtServer))
                {
                }
            }
            finally
            {
                _output.Reader.AdvanceTo(buffer.Start);
            }
        }

        return _path.AtServer.Data(contextId);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Seeing : ITlmspInspector;
}
