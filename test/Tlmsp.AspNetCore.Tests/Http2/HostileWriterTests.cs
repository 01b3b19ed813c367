using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>A middlebox that may write content, and writes what it may not (http-mapping §6 A11, A12).</summary>
public class HostileWriterTests
{
    private const byte EndStream = 1;

    /// <summary>What the box makes of the first container of content, and what the client finds wrong with it.</summary>
    public static TheoryData<string, Func<byte[], byte[]>, string> Changes => new()
    {
        { "forged trailers behind the content", data => [.. data, 0, 0, 0, 1, 5, 0, 0, 0, 1], "HEADERS in the Content context" },
        { "forged settings before it", data => [0, 0, 0, 4, 0, 0, 0, 0, 0, .. data], "SETTINGS in the Content context" },
        { "a reset in its place", _ => [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0], "RST_STREAM in the Content context" },
        { "an unknown frame", _ => [0, 0, 1, 0x7f, 0, 0, 0, 0, 1, 0], "a frame of type 0x7f in the Content context" },
        { "the stream id of nobody", data => [.. data[..8], 9, .. data[9..]], "DATA on stream 9, which nobody opened" },
        {
            "an early end, with the rest behind it",
            data => [0, 0, 5, 0, EndStream, 0, 0, 0, 1, .. data[9..14], 0, 0, 5, 0, EndStream, 0, 0, 0, 1, .. data[14..19]],
            "less content than the head announces"
        },
        {
            "an early end, with the rest left out", _ => [0, 0, 2, 0, EndStream, 0, 0, 0, 1, (byte)'h', (byte)'e'],
            "less content than the head announces"
        },
        { "more than was announced", data => [0, 0, 1, 0, 0, 0, 0, 0, 1, (byte)'!', .. data], "more content than the head announces" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Is_found_out_and_the_response_is_never_complete(string name, Func<byte[], byte[]> change, string fault)
    {
        Assert.NotEmpty(name);
        await using TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Middleboxes.Policy = _ => null;
                tlmsp.AllowResizing = false;
            },
            app => app.MapGet("/ten", async (HttpContext context) =>
            {
                context.Response.ContentLength = 10;
                await context.Response.WriteAsync("helloworld");
            }));
        int port = TestMiddlebox.FreePort();
        var box = new TlmspMiddleboxOptions
        {
            Addresses = [TlmspAddress.Parse($"tlmsp://localhost:{port}")],
            Certificate = TestCertificates.Get("localhost"),
            Trust = TestCertificates.Trust(),
        };
        await using TlmspRelay relay = TlmspRelay.Start(box, direction => direction.ToServer ? null : new Writer(change));
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add($"localhost:{port}", Grant.Write(HttpContexts.Body)));
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;

        Exception? e = await Record.ExceptionAsync(() => client.GetStringAsync("/ten"));

        Assert.NotNull(e);
        TlmspException mapping = Assert.IsAssignableFrom<TlmspException>(Causes(e).Last());
        Assert.Contains(fault, mapping.Message, StringComparison.Ordinal);
        Assert.Equal((TlmspAlert.IllegalParameter, HttpContexts.Body), (mapping.Alert, mapping.ContextId));
        string line = await server.Logs.WaitForLineAsync("ended:");
        Assert.Contains("IllegalParameter", line, StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<Exception> Causes(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }

    private sealed class Writer(Func<byte[], byte[]> change) : IContainerRelayHandler
    {
        private bool _done;

        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (container.IsAlert || container.ContextId != HttpContexts.Body || _done)
            {
                return RelayAction.Forward;
            }

            _done = true;
            replacement.Write(change(container.Plaintext.ToArray()));
            return RelayAction.Modify;
        }
    }
}
