using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Tlmsp.TestSupport;

/// <summary>Somebody on the way, who does something to every TLMSP hello and lets all else pass.</summary>
public sealed class HelloRelay : IDisposable
{
    /// <summary>Number of the tlmsp extension.</summary>
    public const ushort ExtensionTlmsp = 0xff06;

    /// <summary>Number of the context list extension.</summary>
    public const ushort ExtensionContextList = 0xff07;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly Func<byte[], byte[]?> _rewrite;
    private readonly byte[] _answer;
    private int _connections;

    /// <param name="server">Where connections go on to.</param>
    /// <param name="rewrite">Gives the record to pass on instead of that of a TLMSP hello; null to answer it.</param>
    /// <param name="answer">The answer; the connection is closed after it.</param>
    public HelloRelay(Uri server, Func<byte[], byte[]?> rewrite, byte[]? answer = null)
    {
        _port = server.Port;
        _rewrite = rewrite;
        _answer = answer ?? [];
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>A fatal alert without protection.</summary>
    public static byte[] Alert(TlmspAlert alert) => [0x15, 3, 3, 0, 2, 2, (byte)alert];

    /// <summary>The record of a ClientHello without some extensions, all lengths as they must be.</summary>
    public static byte[] Without(byte[] record, params ushort[] removed)
    {
        int at = 5 + 4 + 2 + 32;
        at += 1 + record[at];
        at += 2 + BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(at));
        at += 1 + record[at];
        var kept = new List<byte>();
        for (int i = at + 2; i < record.Length;)
        {
            int length = 4 + BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(i + 2));
            if (!removed.Contains(BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(i))))
            {
                kept.AddRange(record.AsSpan(i, length));
            }

            i += length;
        }

        byte[] result = [.. record.AsSpan(0, at), 0, 0, .. kept];
        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(at), (ushort)kept.Count);
        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(3), (ushort)(result.Length - 5));
        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(7), (ushort)(result.Length - 9));
        return result;
    }

    public void Dispose() => _listener.Dispose();

    private static bool IsTlmsp(byte[] record) => Without(record, ExtensionTlmsp).Length < record.Length;

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
        Interlocked.Increment(ref _connections);
        NetworkStream stream = client.GetStream();
        byte[] record = new byte[5];
        await stream.ReadExactlyAsync(record);
        Array.Resize(ref record, 5 + BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(3)));
        await stream.ReadExactlyAsync(record.AsMemory(5));
        byte[]? passed = IsTlmsp(record) ? _rewrite(record) : record;
        if (passed is null)
        {
            await stream.WriteAsync(_answer);
            return;
        }

        using var next = new TcpClient();
        await next.ConnectAsync(IPAddress.Loopback, _port);
        await next.GetStream().WriteAsync(passed);
        await Task.WhenAny(stream.CopyToAsync(next.GetStream()), next.GetStream().CopyToAsync(stream));
    }
}
