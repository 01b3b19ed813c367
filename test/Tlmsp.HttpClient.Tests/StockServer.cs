using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Kestrel with HTTPS as everybody has it, on a port of its own.</summary>
internal sealed class StockServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StockServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal));

    public List<string> Posts { get; } = [];

    public static async Task<StockServer> StartAsync(
        SslProtocols protocols = SslProtocols.Tls12 | SslProtocols.Tls13, HttpProtocols http = HttpProtocols.Http1AndHttp2,
        X509Certificate2? certificate = null, Action<HttpsConnectionAdapterOptions>? configure = null, Action<WebApplication>? map = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = http;
            listen.UseHttps(certificate ?? TestCertificates.Leaf("localhost"), https =>
            {
                https.SslProtocols = protocols;
                configure?.Invoke(https);
            });
        }));
        WebApplication app = builder.Build();
        var server = new StockServer(app);
        app.MapGet("/hello", (HttpContext context) => $"stock {context.Request.Protocol}");
        app.MapGet("/who", (HttpContext context) => context.Connection.ClientCertificate?.Subject ?? "nobody");
        app.MapPost("/post", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string text = await reader.ReadToEndAsync();
            lock (server.Posts)
            {
                server.Posts.Add(text);
            }
        });
        map?.Invoke(app);
        await app.StartAsync();
        return server;
    }

    public HttpClient Client(Action<TlmspHttpOptions>? configure = null) => new(TestServer.Handler(tlmsp =>
    {
        tlmsp.AllowPlainTls = true;
        configure?.Invoke(tlmsp);
    })) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
