using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using Tlmsp.Http;
using Tlmsp.Middlebox;
using Tlmsp.TestSupport;

namespace Tlmsp.Benchmarks;

/// <summary>
/// A middlebox by itself, on pipes in memory and one thread: what inspecting adds to relaying with the same grant, and what a message and
/// a container allocate. A ratio above 1 is what inspectors cost.
/// </summary>
internal static class InspectedRelay
{
    private const int Size = 64 * 1024;     // as Kestrel writes it: one chunk

    public static async Task RunAsync(Report report, TimeSpan time)
    {
        Grant heads = Grant.Read(HttpContexts.Headers);
        await CompareAsync(report, time, "header-only", heads, () => new HeadCounter());
        await CompareAsync(report, time, "content read", heads + Grant.Read(HttpContexts.Body), () => new ContentReader());
        await CompareAsync(report, time, "content replaced", heads + Grant.Write(HttpContexts.Body), () => new ContentReplacer());
        await CompareAsync(report, time, "content re-chunked", heads + Grant.Write(HttpContexts.Body), () => new ContentRechunker());
    }

    private static async Task CompareAsync(Report report, TimeSpan time, string name, Grant grant, Func<ITlmspInspector> make)
    {
        using var inspecting = new Box(grant, make());
        using var relaying = new Box(grant, null);
        (double a, double b, double quotient) = await Paired.MeasureAsync(
            () => Task.FromResult(inspecting.Exchanges().Seconds), () => Task.FromResult(relaying.Exchanges().Seconds), time);
        report.Add("middlebox alone, GET and small JSON, beside relaying", name, 1e6 * a, "us", null, 1e6 * b, quotient);
        report.Add("allocated per GET and small JSON, beside relaying", name, inspecting.Exchanges().Allocated, "B", null, relaying.Exchanges().Allocated);

        inspecting.BeginBulk();
        relaying.BeginBulk();
        (a, b, quotient) = await Paired.MeasureAsync(
            () => Task.FromResult(inspecting.Bulk().Seconds), () => Task.FromResult(relaying.Bulk().Seconds), time);
        report.Add("middlebox alone, 64 KB chunk, beside relaying", name, 1e6 * a, "us", null, 1e6 * b, quotient);
        report.Add("allocated per 64 KB chunk, beside relaying", name, inspecting.Bulk().Allocated, "B", 0, relaying.Bulk().Allocated);
    }

    /// <summary>Both directions of a middlebox between a client and a server that speak as HttpClient and Kestrel do.</summary>
    private sealed class Box : IDisposable
    {
        private const int Times = 32;
        private static readonly PipeOptions s_inline = new(
            readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

        private static readonly byte[] s_request = Encoding.ASCII.GetBytes("GET /order HTTP/1.1\r\nHost: localhost:5001\r\n\r\n");
        private static readonly byte[] s_response = Encoding.ASCII.GetBytes(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: Wed, 25 Nov 2026 08:00:00 GMT\r\nServer: Kestrel\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n");

        private static readonly byte[] s_json = Encoding.ASCII.GetBytes("39\r\n{\"id\":1,\"article\":\"left-handed screwdriver\",\"quantity\":3}\r\n0\r\n\r\n");
        private static readonly byte[] s_chunk = [.. Encoding.ASCII.GetBytes($"{Size:x}\r\n"), .. new byte[Size], .. "\r\n"u8];

        private readonly InMemoryPath _path;
        private readonly Pipe[] _inputs = [new(s_inline), new(s_inline)];
        private readonly Pipe[] _outputs = [new(s_inline), new(s_inline)];

        public Box(Grant grant, ITlmspInspector? inspector)
        {
            _path = TestPaths.Make(audited: false, grant).Connect();
            TlmspMiddleboxSession session = _path.Middleboxes[0]!;
            var context = new InspectionContext("benchmark", session.Info, session.Grant);
            var messages = new InspectedMessages(context, HttpProfile.Two, TimeProvider.System);
            var observers = new HttpObservers(HttpProfile.Two, session.Grant, HttpMappingMode.Strict, HttpFramerLimits.Default);
            var answers = new BoxAnswers();
            foreach (HttpDirection direction in Enum.GetValues<HttpDirection>())
            {
                ContainerRelay relay = direction == HttpDirection.Request ? session.ClientToServer : session.ServerToClient;
                var pump = new RelayPump(relay, null, _inputs[(int)direction].Reader, _outputs[(int)direction].Writer, Queue(direction));
                _ = pump.RunAsync(CancellationToken.None, CancellationToken.None);     // ends with its pipes
            }

            InspectionQueue? Queue(HttpDirection direction)
            {
                if (inspector is null)
                {
                    return null;
                }

                var writer = new VerdictWriter(direction, HttpProfile.Two, context, messages, observers.Exchanges, answers, http2: null);
                var stages = new InspectionStages(
                    direction, new InspectorSet([inspector], [], []), writer, messages, new InspectorWatch(), new MiddleboxMetrics(), 1024 * 1024);
                ResponseTurn? turn = direction == HttpDirection.Response ? new ResponseTurn(answers, HttpProfile.Two) : null;
                return new InspectionQueue(direction, HttpProfile.Two, observers.For(direction), messages, stages, turn, http2: null);
            }
        }

        /// <summary>Requests with their responses, one after the other.</summary>
        /// <returns>What the middlebox takes for one.</returns>
        public (double Seconds, double Allocated) Exchanges()
        {
            (long ticks, long bytes) = (0, 0);
            for (int i = 0; i < Times; i++)
            {
                _path.Client!.Writer.Write(HttpContexts.Headers, s_request, _inputs[0].Writer);
                Pass(HttpDirection.Request, s_request.Length, ref ticks, ref bytes);
                _path.Server!.Writer.Write(HttpContexts.Headers, s_response, _inputs[1].Writer);
                _path.Server!.Writer.Write(HttpContexts.Body, s_json, _inputs[1].Writer);
                Pass(HttpDirection.Response, s_response.Length + s_json.Length, ref ticks, ref bytes);
            }

            return Each(ticks, bytes);
        }

        /// <summary>Starts a response that does not end.</summary>
        public void BeginBulk()
        {
            (long ticks, long bytes) = (0, 0);
            _path.Client!.Writer.Write(HttpContexts.Headers, s_request, _inputs[0].Writer);
            Pass(HttpDirection.Request, s_request.Length, ref ticks, ref bytes);
            _path.Server!.Writer.Write(HttpContexts.Headers, s_response, _inputs[1].Writer);
            Pass(HttpDirection.Response, s_response.Length, ref ticks, ref bytes);
        }

        /// <summary>Chunks of that response.</summary>
        /// <returns>What the middlebox takes for one.</returns>
        public (double Seconds, double Allocated) Bulk()
        {
            (long ticks, long bytes) = (0, 0);
            for (int i = 0; i < Times; i++)
            {
                _path.Server!.Writer.Write(HttpContexts.Body, s_chunk, _inputs[1].Writer);
                Pass(HttpDirection.Response, s_chunk.Length, ref ticks, ref bytes);
            }

            return Each(ticks, bytes);
        }

        public void Dispose()
        {
            foreach (Pipe input in _inputs)
            {
                input.Writer.Complete();
            }

            _path.Dispose();
        }

        private static (double Seconds, double Allocated) Each(long ticks, long bytes) =>
            (ticks / (double)Stopwatch.Frequency / Times, bytes / (double)Times);

        private void Pass(HttpDirection direction, int length, ref long ticks, ref long bytes)
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            ValueTask<FlushResult> flush = _inputs[(int)direction].Writer.FlushAsync();     // runs the pump, on this thread
            ticks += Stopwatch.GetTimestamp() - start;
            bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
            PipeReader output = _outputs[(int)direction].Reader;
            if (!flush.IsCompletedSuccessfully || !output.TryRead(out ReadResult sent) || sent.Buffer.Length < length)
            {
                throw new InvalidOperationException("The middlebox has not let it pass.");
            }

            output.AdvanceTo(sent.Buffer.End);
        }
    }
}
