using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tlmsp.Client.Tests;

/// <summary>A proxy on loopback that knows CONNECT alone, and answers as it is told.</summary>
internal sealed class ConnectProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, string> _answer;

    /// <param name="answer">The answer to a request head; a tunnel is made when it is a 200.</param>
    public ConnectProxy(Func<string, string>? answer = null)
    {
        _answer = answer ?? (_ => "HTTP/1.1 200 Connection established\r\n\r\n");
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public List<string> Heads { get; } = [];

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient accepted)
    {
        using TcpClient client = accepted;
        NetworkStream stream = client.GetStream();
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
        {
            head.Append((char)one[0]);
        }

        lock (Heads)
        {
            Heads.Add(head.ToString());
        }

        string answer = _answer(head.ToString());
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        if (!answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            return;
        }

        string[] target = head.ToString().Split(' ')[1].Split(':');
        using var next = new TcpClient();
        await next.ConnectAsync(target[0], int.Parse(target[1], System.Globalization.CultureInfo.InvariantCulture));
        await Task.WhenAny(stream.CopyToAsync(next.GetStream()), next.GetStream().CopyToAsync(stream));
    }
}
