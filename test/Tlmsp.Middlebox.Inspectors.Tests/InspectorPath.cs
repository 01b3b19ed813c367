using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>HttpClient, one middlebox with ready inspectors, Kestrel; the middlebox may write everything unless a test says otherwise.</summary>
internal sealed class InspectorPath : IAsyncDisposable
{
    public const string Card = "4111 1111-1111 1111";

    private InspectorPath(TestServer server, TestMiddlebox middlebox, ConcurrentQueue<string> reached)
    {
        Server = server;
        Middlebox = middlebox;
        Reached = reached;
    }

    public TestServer Server { get; }

    public TestMiddlebox Middlebox { get; }

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Paths of the requests that the application was given.</summary>
    public ConcurrentQueue<string> Reached { get; }

    public static async Task<InspectorPath> StartAsync(
        string profile, string version, Action<ITlmspMiddleboxBuilder> building, string? grant = null)
    {
        var reached = new ConcurrentQueue<string>();
        HttpProfile contexts = HttpProfile.Parse(profile);
        TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Middleboxes.Policy = _ => null;
                tlmsp.Profiles.Add(contexts);
            },
            app => Map(app, reached));
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspect: false, building: building);
        var path = new InspectorPath(server, middlebox, reached);
        path.Client = server.Client(tlmsp =>
        {
            tlmsp.Profile = contexts;
            tlmsp.Middleboxes.Add(middlebox.Address, grant is null ? Grant.Write([.. contexts.ContextIds]) : HttpContexts.ParseGrant(grant));
        });
        path.Client.DefaultRequestVersion = Version.Parse(version);
        path.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return path;
    }

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string target, HttpContent? content = null, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(method, target)
        {
            Content = content,
            Version = Client.DefaultRequestVersion,
            VersionPolicy = Client.DefaultVersionPolicy,
        };
        foreach ((string name, string value) in fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    /// <summary>The middlebox ends the connection, and its log says why.</summary>
    public async Task AssertClosedAsync(Func<Task<HttpResponseMessage>> send, string reason)
    {
        await Assert.ThrowsAsync<HttpRequestException>(async () => (await send()).Dispose());
        await Middlebox.Logs.WaitForLineAsync(reason);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Middlebox.DisposeAsync();
        await Server.DisposeAsync();
    }

    /// <summary>A section as it would be in appsettings.json.</summary>
    public static IConfigurationSection Section(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes($$"""{ "It": {{json}} }"""))).Build().GetSection("It");

    private static void Map(WebApplication app, ConcurrentQueue<string> reached)
    {
        app.Use((context, next) =>
        {
            reached.Enqueue(context.Request.Path);
            return next(context);
        });
        app.MapGet("/seen", (HttpContext context) =>
        {
            IHeaderDictionary fields = context.Request.Headers;
            context.Response.Headers["x-internal"] = "1";
            return $"keep={fields["x-keep"]} remove={fields["x-remove"]} set={fields["x-set"]} added={fields["x-added"]}";
        });
        app.MapPost("/whole", async (HttpContext context) =>
        {
            using var content = new MemoryStream();
            await context.Request.Body.CopyToAsync(content);
            context.Response.ContentLength = content.Length;
            content.Position = 0;
            await content.CopyToAsync(context.Response.Body);
        });
        app.MapGet("/card", async (HttpContext context, int cut) =>
        {
            // Each part is a chunk of its own; without Content-Length.
            string text = $"card {Card} end";
            await context.Response.WriteAsync(text[..cut]);
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync(text[cut..]);
        });
        app.MapGet("/gzip", async (HttpContext context, bool hidden) =>
        {
            if (!hidden)
            {
                context.Response.Headers.ContentEncoding = "gzip";
            }

            using var buffer = new MemoryStream();
            await using (var gzip = new System.IO.Compression.GZipStream(buffer, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
            {
                await gzip.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Card));
            }

            await context.Response.Body.WriteAsync(buffer.ToArray());
        });
    }
}
