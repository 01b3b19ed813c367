using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>A client that puts frames where they do not belong; each ends its connection with alert 47 in that context.</summary>
public class HostileClientTests
{
    private const byte Head = HttpContexts.Headers;
    private const byte Body = HttpContexts.Body;
    private static readonly byte[] s_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    // POST https://localhost/upload
    private static readonly byte[] s_block = [0x83, 0x87, 0x04, 7, .. "/upload"u8, 0x01, 9, .. "localhost"u8];

    /// <summary>What follows the head of an upload on stream 1, and the context at fault, which is that of the last container.</summary>
    public static TheoryData<string, (byte ContextId, byte[] Bytes)[]> Attacks => new()
    {
        { "DATA in the head context", [(Head, Frame(0, 1, 1, [.. "hidden"u8]))] },
        { "a second request in the content context", [(Body, Frame(1, 5, 3, s_block))] },
        { "SETTINGS in the content context", [(Body, s_settings)] },
        { "an unknown frame in the content context", [(Body, Frame(0x7f, 0, 1, [1]))] },
        { "a frame that goes on in another context", [(Body, Frame(0, 1, 1, [1, 2, 3])[..11]), (Head, Frame(0, 1, 1, [1, 2, 3])[11..])] },
        { "DATA inside a field block", [(Head, Frame(1, 1, 3, s_block)), (Body, Frame(0, 1, 1, [1]))] },
        { "DATA behind the end", [(Body, [.. Frame(0, 1, 1, [1]), .. Frame(0, 1, 1, [2])])] },
        { "a frame that is too large", [(Body, Frame(0, 0, 1, new byte[16_385]))] },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Gets_alert_47_and_its_request_is_never_complete(string name, (byte ContextId, byte[] Bytes)[] attack)
    {
        Assert.NotEmpty(name);
        bool complete = false;
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/upload", async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            complete = true;
        }));
        await using TlmspPeer client = await ConnectAsync(server);
        await client.SendAsync(Head, (byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. s_settings, .. Frame(1, 4, 1, s_block)]);

        foreach ((byte contextId, byte[] bytes) in attack)
        {
            await client.SendAsync(contextId, bytes);
        }

        TlmspException? alert = await client.ReceiveEndAsync();
        Assert.Equal((TlmspAlert.IllegalParameter, attack[^1].ContextId), (alert!.Alert, alert.ContextId));
        await server.Logs.WaitForLineAsync("stopped.");
        Assert.False(complete);
        Assert.Single(server.Logs.Lines, line => line.Contains("HttpMappingViolation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_an_upload_completes_nothing()
    {
        var ended = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapPost("/upload", async (HttpContext context) =>
            ended.SetResult(await Record.ExceptionAsync(() => context.Request.Body.CopyToAsync(Stream.Null)))));
        await using TlmspPeer client = await ConnectAsync(server);
        await client.SendAsync(Head, (byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. s_settings, .. Frame(1, 4, 1, s_block)]);
        await client.SendAsync(Body, Frame(0, 0, 1, [.. "half"u8]));

        await client.SendCloseNotifyAsync();

        Assert.NotNull(await ended.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        await server.Logs.WaitForLineAsync("the connection ended before its streams");
    }

    [Fact]
    public async Task A_client_that_leaves_before_it_says_anything_is_no_event()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using (TlmspPeer client = await ConnectAsync(server))
        {
            await client.SendCloseNotifyAsync();
            await client.ReceiveEndAsync();
        }

        await server.Logs.WaitForLineAsync("\" stopped.");
        server.Logs.AssertQuiet();
    }

    [Fact]
    public async Task A_client_that_says_HTTP_2_and_speaks_HTTP_1_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TlmspPeer client = await ConnectAsync(server);

        await client.SendAsync(Head, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.Equal(TlmspAlert.IllegalParameter, (await client.ReceiveEndAsync())!.Alert);
    }

    private static Task<TlmspPeer> ConnectAsync(TestServer server) => TlmspPeer.ConnectAsync(new TlmspClientOptions
    {
        ServerAddress = TlmspAddress.Parse($"tlmsp://localhost:{server.Address.Port}"),
        Contexts = [.. HttpProfile.Two.For(HttpWireVersion.Http2).CreateContexts()],
        Trust = TestCertificates.Trust(),
    });

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];
}
