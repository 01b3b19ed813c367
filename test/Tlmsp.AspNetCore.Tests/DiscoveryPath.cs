using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A server that wants middleboxes on the path, three middleboxes a, b and c before it, and what they and it have seen.</summary>
internal sealed class DiscoveryPath : IAsyncDisposable
{
    public static readonly Grant Grant = Grant.Read(HttpContexts.Headers);
    private readonly Dictionary<string, TestMiddlebox> _middleboxes = [];
    private MiddleboxAllowList? _list;
    private int _connections;

    private DiscoveryPath()
    {
    }

    public TestServer Server { get; private set; } = null!;

    public MiddleboxAllowList List => _list!;

    /// <summary>TCP connections that have come to the server.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests that have come to the application: method, length of the content, and the path they came over.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The session of the last request.</summary>
    public TlmspSessionInfo? Session { get; private set; }

    public TestMiddlebox this[char name] => _middleboxes[name.ToString()];

    /// <param name="configure">The server's options.</param>
    public static async Task<DiscoveryPath> StartAsync(Action<TlmspConnectionOptions>? configure = null)
    {
        var path = new DiscoveryPath();
        path.Server = await TestServer.StartAsync(
            tlmsp =>
            {
                path._list = tlmsp.Middleboxes;
                configure?.Invoke(tlmsp);
            },
            app => app.Map("/path", path.AnswerAsync),
            listen => listen.Use(next => connection =>
            {
                Interlocked.Increment(ref path._connections);
                return next(connection);
            }));
        string[] names = ["c", "b", "a"];
        foreach (string name in names)
        {
            // In a discovery a middlebox goes to the server first, and then to the one that was put behind it.
            path._middleboxes[name] = await TestMiddlebox.StartAsync(path.Server.Address, options =>
            {
                foreach (TestMiddlebox behind in path._middleboxes.Values)
                {
                    options.NextHops.Allow($"localhost:{new Uri(behind.Address).Port}");
                }
            });
        }

        return path;
    }

    /// <summary>Names of middleboxes as addresses.</summary>
    public IEnumerable<string> Addresses(string names) => names.Select(name => this[name].Address);

    public HttpClient Client(string listed, Action<TlmspHttpOptions>? configure = null) => Server.Client(tlmsp =>
    {
        foreach (string address in Addresses(listed))
        {
            tlmsp.Middleboxes.Add(address, Grant);
        }

        configure?.Invoke(tlmsp);
    });

    /// <summary>Names of the middleboxes of a session.</summary>
    public string Names(TlmspSessionInfo session) => string.Concat(session.Middleboxes.Select(Name));

    public string Name(TlmspPathMiddlebox middlebox) => _middleboxes.First(pair => pair.Value.Address == middlebox.Address.Text).Key;

    public async ValueTask DisposeAsync()
    {
        foreach (TestMiddlebox middlebox in _middleboxes.Values)
        {
            await middlebox.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content);
        Session = context.Features.GetRequiredFeature<ITlmspConnectionFeature>().Session;
        Requests.Enqueue($"{context.Request.Method} {content.Length} {Names(Session)}");
        await context.Response.WriteAsync("answer");
    }
}
