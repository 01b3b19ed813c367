using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Tlmsp.Benchmarks;

/// <summary>What people deploy today where something has to look at HTTP: YARP, which ends TLS, reads every message, and starts TLS anew.</summary>
internal sealed class ReverseProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _towardsServer;

    private ReverseProxy(WebApplication app, HttpMessageInvoker towardsServer)
    {
        _app = app;
        _towardsServer = towardsServer;
    }

    public int Port => new Uri(_app.Urls.First()).Port;

    public static async Task<ReverseProxy> StartAsync(X509Certificate2 certificate, Uri server, SocketsHttpHandler towardsServer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        WebApplication app = builder.Build();
        var invoker = new HttpMessageInvoker(towardsServer);
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        app.Run(async context => await forwarder.SendAsync(context, server.GetLeftPart(UriPartial.Authority), invoker));
        await app.StartAsync();
        return new ReverseProxy(app, invoker);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _towardsServer.Dispose();
    }
}
