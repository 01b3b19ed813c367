using System.Net.Sockets;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>The endpoints of a path: ours as scripts, the reference's as processes that do what the path's configuration says.</summary>
internal sealed class RawEnds(RawPath path, Func<TlmspPeer, Task> ourClient, Func<TlmspPeer, Task> ourServer) : IAsyncDisposable
{
    private TcpListener? _listener;
    private PeerProcess? _client;
    private PeerProcess? _server;
    private Task _clientScript = Task.CompletedTask;
    private Task _serverScript = Task.CompletedTask;

    /// <summary>The writes of our client.</summary>
    public WriteLog ClientWrites { get; } = new();

    /// <summary>The writes of our server.</summary>
    public WriteLog ServerWrites { get; } = new();

    /// <summary>What the reference's client has printed.</summary>
    public string ClientOutput => _client!.Output;

    /// <summary>What the reference's server has printed.</summary>
    public string ServerOutput => _server!.Output;

    /// <summary>Starts both.</summary>
    public async Task StartAsync()
    {
        if (path.Parties.Server == Maker.Ours)
        {
            _listener = path.Listen();
            _serverScript = ServeAsync();
        }
        else
        {
            _server = await Reference.ServerAsync(path.ConfigurationFile);
        }

        if (path.Parties.Client == Maker.Ours)
        {
            _clientScript = ConnectAsync();
        }
        else
        {
            _client = Reference.Client(path.ConfigurationFile, path.Keys.IsP256);
        }
    }

    /// <summary>Waits until the client's script is through, or the reference's client has logged a text.</summary>
    public Task ClientSawAsync(string text) => _client is null ? _clientScript : _client.WaitForAsync(text);

    /// <summary>Waits until the server's script is through, or the reference's server has logged a text.</summary>
    public Task ServerSawAsync(string text) => _server is null ? _serverScript : _server.WaitForAsync(text);

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _server?.Dispose();
        _listener?.Stop();
        await Task.WhenAll(_clientScript, _serverScript);
    }

    private async Task ServeAsync()
    {
        await using TlmspPeer server = await TlmspPeer.AcceptAsync(_listener!, path.Server(), ServerWrites);
        await ourServer(server);
    }

    private async Task ConnectAsync()
    {
        TlmspClientOptions options = path.Client(path.Configuration.Contexts, path.Configuration.Middleboxes.FirstOrDefault()?.Grant ?? Grant.None);
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(options, ClientWrites);
        await ourClient(client);
    }
}
