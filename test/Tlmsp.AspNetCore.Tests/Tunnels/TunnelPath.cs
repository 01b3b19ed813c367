using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Tunnels;

/// <summary>
/// A server that echoes, on <c>/ws</c> as a WebSocket and on <c>/raw</c> as a protocol of its own, and at most one middlebox before it.
/// </summary>
internal sealed class TunnelPath : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IAsyncDisposable> _parts = [];
    private Action<TlmspHttpOptions> _configure = _ => { };

    public TestServer Server { get; private set; } = null!;

    /// <summary>The middlebox, where one was asked for.</summary>
    public TestMiddlebox Middlebox { get; private set; } = null!;

    /// <summary>What ended the application's reading of the tunnel; null when it was its end.</summary>
    public Task<Exception?> Ended => _ended.Task.WaitAsync(s_patience);

    /// <param name="profile">What the client chooses.</param>
    /// <param name="grant">For a middlebox; null for a path without.</param>
    /// <param name="accepted">What the server accepts; null for every kind of tunnel.</param>
    public static async Task<TunnelPath> StartAsync(string profile, string? grant = null, IList<HttpProfile>? accepted = null)
    {
        var path = new TunnelPath();
        await path.StartServerAsync(accepted);
        if (grant is not null)
        {
            path.Middlebox = await TestMiddlebox.StartAsync(path.Server.Address);
            path._parts.Add(path.Middlebox);
        }

        path._configure = tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Parse(profile);
            if (grant is not null)
            {
                tlmsp.Middleboxes.Add(path.Middlebox.Address, grant == "none" ? Grant.None : HttpContexts.ParseGrant(grant));
            }
        };
        return path;
    }

    /// <summary>A path with a middlebox of the engine that does as its handlers say.</summary>
    public static async Task<TunnelPath> StartAsync(
        string profile, Grant grant, Func<RelayDirection, IContainerRelayHandler?> handlers, bool audited = false)
    {
        var path = new TunnelPath();
        await path.StartServerAsync(accepted: null);
        string address = $"tlmsp://localhost:{TestMiddlebox.FreePort()}";
        path._parts.Add(TlmspRelay.Start(
            new TlmspMiddleboxOptions
            {
                Addresses = [TlmspAddress.Parse(address)],
                Certificate = TestCertificates.Get("localhost"),
                Trust = TestCertificates.Trust(),
            },
            handlers));
        path._configure = tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Parse(profile);
            tlmsp.Audited = audited;
            tlmsp.Middleboxes.Add(address, grant);
        };
        return path;
    }

    public HttpClient Client() => Server.Client(_configure);

    /// <summary>Opens a WebSocket.</summary>
    public async Task<ClientWebSocket> ConnectAsync(string target = "/ws")
    {
        var socket = new ClientWebSocket();
        try
        {
            var invoker = new HttpMessageInvoker(TestServer.Handler(_configure));
            using var timeout = new CancellationTokenSource(s_patience);
            await socket.ConnectAsync(new Uri($"wss://localhost:{Server.Address.Port}{target}"), invoker, timeout.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks for the protocol of <c>/raw</c>, and gets its stream.</summary>
    public static async Task<(HttpResponseMessage Response, Stream Stream)> UpgradeAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/raw");
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("echo/1");
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
        return (response, await response.Content.ReadAsStreamAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in _parts)
        {
            await part.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    private async Task StartServerAsync(IList<HttpProfile>? accepted) => Server = await TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.Profiles = accepted ??
            [
                HttpProfile.Two.WithTunnel(), HttpProfile.Four.WithTunnel(), HttpProfile.Four.WithSecrets().WithTunnel(),
            ];
        },
        app =>
        {
            app.UseWebSockets();
            app.Map("/ws", context => RecordAsync(context, EchoMessagesAsync));
            app.Map("/raw", context => RecordAsync(context, EchoBytesAsync));
        });

    private async Task RecordAsync(HttpContext context, Func<HttpContext, Task> echo)
    {
        try
        {
            await echo(context);
            _ended.TrySetResult(null);
        }
        catch (Exception e)
        {
            _ended.TrySetResult(e);
            if (e is InvalidOperationException)
            {
                throw;
            }
        }
    }

    /// <summary>Sends every message back; "close" and "abort" are told to end it.</summary>
    private static async Task EchoMessagesAsync(HttpContext context)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[16 * 1024];
        while (true)
        {
            WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(received.CloseStatus!.Value, received.CloseStatusDescription, CancellationToken.None);
                return;
            }

            switch (Encoding.UTF8.GetString(buffer, 0, received.Count))
            {
                case "close":
                    await socket.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "enough", CancellationToken.None);
                    return;
                case "abort":
                    context.Abort();
                    break;
            }

            await socket.SendAsync(
                buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    /// <summary>Sends every byte back, and "bye" at the end; "end" and "throw" are told to end it.</summary>
    private static async Task EchoBytesAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = "echo/1";
        await using Stream stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        byte[] buffer = new byte[16 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer)) > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count));
            switch (Encoding.ASCII.GetString(buffer, 0, count))
            {
                case "end":
                    return;
                case "throw":
                    throw new InvalidOperationException("The application fails.");
            }
        }

        await stream.WriteAsync("bye"u8.ToArray());
    }
}
