using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>HttpClient, one middlebox with an inspector, Kestrel; the middlebox may write everything unless the test says otherwise.</summary>
internal sealed class ChangePath : IAsyncDisposable
{
    private int _sessions;

    private ChangePath(TestServer server, TestMiddlebox middlebox, ConcurrentQueue<string> reached)
    {
        Server = server;
        Middlebox = middlebox;
        Reached = reached;
    }

    public TestServer Server { get; }

    public TestMiddlebox Middlebox { get; }

    public HttpClient Client { get; private set; } = null!;

    public int Sessions => _sessions;

    /// <summary>Paths of the requests that the application was given.</summary>
    public ConcurrentQueue<string> Reached { get; }

    public static async Task<ChangePath> StartAsync(
        string profile, string version, ITlmspInspector inspector, Grant? grant = null, Action<TlmspMiddleboxHostOptions>? configure = null)
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
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, configure, inspector: inspector);
        var path = new ChangePath(server, middlebox, reached);
        path.Client = server.Client(tlmsp =>
        {
            tlmsp.Profile = contexts;
            tlmsp.Middleboxes.Add(middlebox.Address, grant ?? Grant.Write([.. contexts.ContextIds]));
            tlmsp.SessionEstablished = _ => Interlocked.Increment(ref path._sessions);
        });
        path.Client.DefaultRequestVersion = Version.Parse(version);
        path.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return path;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        request.Version = Client.DefaultRequestVersion;
        request.VersionPolicy = Client.DefaultVersionPolicy;
        return Client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Middlebox.DisposeAsync();
        await Server.DisposeAsync();
    }

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
            context.Response.Headers["x-answer"] = "1";
            context.Response.Headers["x-other"] = "2";
            context.Response.Headers.SetCookie = "session=1";
            return $"/seen{context.Request.QueryString}|x-remove={fields["x-remove"]}|x-keep={fields["x-keep"]}|x-added={fields["x-added"]}"
                + $"|auth={fields.Authorization}|";
        });
        app.MapPost("/whole", async (HttpContext context) =>
        {
            // A client that does not read before it has sent all waits for ever for one that answers as it reads.
            using var content = new MemoryStream();
            await context.Request.Body.CopyToAsync(content);
            context.Response.ContentLength = content.Length;
            content.Position = 0;
            await content.CopyToAsync(context.Response.Body);
        });
        app.MapGet("/trailers", async (HttpContext context) =>
        {
            context.Response.DeclareTrailer("x-trailer");
            await context.Response.WriteAsync("content");
            context.Response.AppendTrailer("x-trailer", "last");
        });
        app.MapGet("/pieces", async (HttpContext context) =>
        {
            for (int i = 0; i < 500; i++)
            {
                await context.Response.WriteAsync("sec");
                if (i % 100 == 0)
                {
                    await context.Response.Body.FlushAsync();
                }

                await context.Response.WriteAsync("ret word ");
            }
        });
    }
}
