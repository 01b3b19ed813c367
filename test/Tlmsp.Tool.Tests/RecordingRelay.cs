using System.Net;
using System.Net.Sockets;

namespace Tlmsp.Tool.Tests;

/// <summary>Stands between two neighbours as a wire does, and keeps the bytes of the first connection.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly MemoryStream _toServer = new();
    private readonly MemoryStream _toClient = new();
    private Task _run = Task.CompletedTask;

    public RecordingRelay() => _listener.Start();

    /// <summary>What clients list.</summary>
    public string Address => $"tlmsp://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void Start(int target) => _run = RunAsync(target);

    /// <summary>The bytes of both directions, once the connection is over.</summary>
    public async Task<(byte[] ToServer, byte[] ToClient)> RecordedAsync()
    {
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
        return (_toServer.ToArray(), _toClient.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(int target)
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync();
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        await server.ConnectAsync(IPAddress.Loopback, target);
        NetworkStream atClient = client.GetStream();
        NetworkStream atServer = server.GetStream();
        await Task.WhenAll(CopyAsync(atClient, atServer, _toServer), CopyAsync(atServer, atClient, _toClient));
    }

    private static async Task CopyAsync(NetworkStream from, NetworkStream to, MemoryStream record)
    {
        try
        {
            byte[] buffer = new byte[8192];
            for (int count; (count = await from.ReadAsync(buffer)) > 0;)
            {
                record.Write(buffer, 0, count);
                await to.WriteAsync(buffer.AsMemory(0, count));
            }

            to.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One side has reset the connection; what was recorded stays.
            to.Close();
        }
    }
}
