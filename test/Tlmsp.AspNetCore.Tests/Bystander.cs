using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A server, and a client whose one connection must not notice what others do.</summary>
internal sealed class Bystander(TestServer server) : IAsyncDisposable
{
    private HttpClient? _client;
    private int _sessions;

    public TestServer Server => server;

    public static async Task<Bystander> StartAsync(Action<TlmspConnectionOptions>? configure = null)
    {
        var bystander = new Bystander(await TestServer.StartAsync(configure));
        bystander._client = bystander.Server.Client(
            tlmsp => tlmsp.SessionEstablished = _ => Interlocked.Increment(ref bystander._sessions));
        Assert.Equal("hello", await bystander._client.GetStringAsync("/hello"));
        return bystander;
    }

    public async Task AssertUndisturbedAsync()
    {
        Assert.Equal("hello", await _client!.GetStringAsync("/hello"));
        Assert.Equal(1, _sessions);
        Server.Logs.AssertQuiet();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await Server.DisposeAsync();
    }
}
