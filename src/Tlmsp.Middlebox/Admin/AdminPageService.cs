using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox.Admin;

/// <summary>Serves the live page, on a Kestrel of its own: whatever server the host has besides is not touched.</summary>
internal sealed partial class AdminPageService(
    IOptions<AdminPageOptions> options, LiveFeed feed, IServiceProvider services, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private static readonly TimeSpan s_writeTimeout = TimeSpan.FromSeconds(10);
    private readonly ILogger _logger = loggers.CreateLogger<AdminPageService>();
    private readonly CancellationTokenSource _stopping = new();
    private KestrelServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        AdminPageOptions page = options.Value;
        page.Validate();
        var kestrel = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        kestrel.Limits.MaxConcurrentConnections = 100;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Listen(page.Address, page.Port, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _server = new KestrelServer(Options.Create(kestrel), transport, loggers);
        var events = new AdminEvents(feed, s_writeTimeout, _stopping.Token);
        await _server.StartAsync(new Application(new AdminEndpoints(page, feed, events)), cancellationToken).ConfigureAwait(false);
        string address = _server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
        LogListening(_logger, address);
        if (!IPAddress.IsLoopback(page.Address))
        {
            LogRemote(_logger, address);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_server is not null)
        {
            await _server.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _server?.Dispose();
        _stopping.Dispose();
    }

    [LoggerMessage(40, LogLevel.Information, "The live page of the TLMSP middlebox is at {Address}.")]
    private static partial void LogListening(ILogger logger, string address);

    [LoggerMessage(41, LogLevel.Warning, "The live page at {Address} can be reached from other machines, without a login and without TLS: "
        + "whoever reaches it reads what the middlebox reads.")]
    private static partial void LogRemote(ILogger logger, string address);

    private sealed class Application(AdminEndpoints endpoints) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(Microsoft.AspNetCore.Http.Features.IFeatureCollection contextFeatures) =>
            new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => endpoints.HandleAsync(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
