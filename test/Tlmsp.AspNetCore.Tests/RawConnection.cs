using System.Net.Sockets;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A client that sends bytes of its choice and sees what comes back.</summary>
internal sealed class RawConnection(Socket socket) : IDisposable
{
    /// <summary>The start of a handshake record that is longer than what follows.</summary>
    public static readonly byte[] UnfinishedHello = [0x16, 0x03, 0x01, 0x10, 0x00, 0x01, 0x00, 0x0f, 0xfc, 0x03, 0x03];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static async Task<RawConnection> OpenAsync(TestServer server) => new(await TlmspPeer.DialAsync(server.Address));

    /// <summary>Opens a connection and waits until the server has it in hand.</summary>
    public static async Task<RawConnection> OpenAcceptedAsync(TestServer server)
    {
        int before = Accepted(server.Logs.Lines);
        RawConnection connection = await OpenAsync(server);
        using var timeout = new CancellationTokenSource(s_patience);
        await server.Logs.WaitForAsync(entries => Accepted([.. entries.Select(entry => entry.Line)]) > before, timeout.Token);
        return connection;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await socket.SendAsync(bytes);

    public Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Everything that comes until the server closes the connection.</summary>
    public async Task<byte[]> ReceiveToEndAsync()
    {
        using var timeout = new CancellationTokenSource(s_patience);
        var all = new MemoryStream();
        byte[] buffer = new byte[4096];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, timeout.Token)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }

    /// <summary>Sends a byte at a time until the server has enough of it.</summary>
    public async Task TrickleAsync(byte value, TimeSpan pause)
    {
        try
        {
            using var timeout = new CancellationTokenSource(s_patience);
            while (true)
            {
                await socket.SendAsync((byte[])[value]);
                await Task.Delay(pause, timeout.Token);
            }
        }
        catch (SocketException)
        {
            // Closed: what the caller waits for.
        }
    }

    /// <summary>Ends the connection without a word: in good order, or as a machine does that crashes.</summary>
    public void End(bool reset)
    {
        socket.LingerState = new LingerOption(reset, 0);
        socket.Close();
    }

    public void Dispose() => socket.Dispose();

    private static int Accepted(IEnumerable<string> lines) => lines.Count(line => line.Contains("accepted.", StringComparison.Ordinal));
}
