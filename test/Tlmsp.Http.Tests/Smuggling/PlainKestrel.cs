using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tlmsp.Http.Tests.Smuggling;

/// <summary>Kestrel without any security, and an application that keeps the requests which it has read to their end.</summary>
public sealed class PlainKestrel : IAsyncLifetime
{
    private readonly ConcurrentDictionary<int, ConcurrentQueue<FramedMessage>> _requests = [];
    private WebApplication _app = null!;

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        _app = builder.Build();
        _app.Run(ReadAsync);
        await _app.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Sends a stream on a connection of its own, and waits until Kestrel has closed it.</summary>
    /// <param name="stream">What is sent.</param>
    /// <param name="ends">Whether nothing more will come: else Kestrel has to find an end in the stream.</param>
    /// <returns>The requests, and all that Kestrel answered.</returns>
    internal async Task<(FramedMessage[] Requests, string Answer)> SendAsync(byte[] stream, bool ends)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(_app.Urls.First()).Port);
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        ConcurrentQueue<FramedMessage> requests = _requests[port] = [];
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await socket.SendAsync(stream, timeout.Token);
        if (ends)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        var answer = new StringBuilder();
        byte[] buffer = new byte[8192];
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(buffer, timeout.Token)) > 0)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // Kestrel resets connections on which it has not read everything.
        }

        return ([.. requests], answer.ToString());
    }

    private async Task ReadAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content);
        string target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        _requests[context.Connection.RemotePort].Enqueue(
            new FramedMessage($"{context.Request.Method} {target}", Encoding.Latin1.GetString(content.ToArray())));
    }
}
