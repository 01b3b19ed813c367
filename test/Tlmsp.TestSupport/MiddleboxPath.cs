using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;

namespace Tlmsp.TestSupport;

/// <summary>HttpClient, one middlebox, Kestrel; the middlebox may write everything unless a test says otherwise.</summary>
public abstract class MiddleboxPath : IAsyncDisposable
{
    private readonly List<HttpClient> _clients = [];
    private HttpProfile _profile = HttpProfile.Two;
    private Version _version = new();
    private Grant? _grant;
    private int _sessions;

    public TestServer Server { get; private set; } = null!;

    public TestMiddlebox Middlebox { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    /// <summary>How many connections the clients have made.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Paths of the requests that the application was given.</summary>
    public ConcurrentQueue<string> Reached { get; } = new();

    /// <summary>One more client, which makes connections of its own.</summary>
    public HttpClient Connect()
    {
        HttpClient client = Server.Client(tlmsp =>
        {
            tlmsp.Profile = _profile;
            tlmsp.Middleboxes.Add(Middlebox.Address, _grant ?? Grant.Write([.. _profile.ContextIds]));
            tlmsp.SessionEstablished = _ => Interlocked.Increment(ref _sessions);
        });
        client.DefaultRequestVersion = _version;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        _clients.Add(client);
        return client;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        request.Version = Client.DefaultRequestVersion;
        request.VersionPolicy = Client.DefaultVersionPolicy;
        return Client.SendAsync(request);
    }

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string target, HttpContent? content = null, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(method, target) { Content = content };
        foreach ((string name, string value) in fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await Middlebox.DisposeAsync();
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static async Task<T> StartAsync<T>(
        T path, string profile, string version, Grant? grant, Func<Uri, Task<TestMiddlebox>> startMiddlebox)
        where T : MiddleboxPath
    {
        path._profile = HttpProfile.Parse(profile);
        path._version = Version.Parse(version);
        path._grant = grant;
        path.Server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Middleboxes.Policy = _ => null;
                tlmsp.Profiles.Add(path._profile);
            },
            app =>
            {
                app.Use((context, next) =>
                {
                    path.Reached.Enqueue(context.Request.Path);
                    return next(context);
                });
                app.MapPost("/whole", EchoWholeAsync);
                path.Map(app);
            });
        path.Middlebox = await startMiddlebox(path.Server.Address);
        path.Client = path.Connect();
        return path;
    }

    /// <summary>What the application has besides.</summary>
    protected abstract void Map(WebApplication app);

    /// <summary>A client that does not read before it has sent all waits for ever for one that answers as it reads.</summary>
    private static async Task EchoWholeAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content);
        context.Response.ContentLength = content.Length;
        content.Position = 0;
        await content.CopyToAsync(context.Response.Body);
    }
}
