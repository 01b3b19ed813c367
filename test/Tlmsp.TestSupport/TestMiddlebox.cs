using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace Tlmsp.TestSupport;

/// <summary>A middlebox host on a port of its own that keeps what it sees.</summary>
public sealed class TestMiddlebox : IAsyncDisposable
{
    private const int FirstPort = 15_000;
    private const int PortCount = 15_000;
    private static int s_port = Random.Shared.Next(PortCount);
    private readonly IHost _host;

    private TestMiddlebox(IHost host, string address, RecordingInspector seen, CollectingLogger logs)
    {
        _host = host;
        Address = address;
        Seen = seen;
        Logs = logs;
    }

    public string Address { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>An entry of a client's list.</summary>
    public TlmspMiddlebox With(Grant grant) => new(TlmspAddress.Parse(Address), grant);

    public Task StopAsync() => _host.StopAsync();

    public RecordingInspector Seen { get; }

    public CollectingLogger Logs { get; }

    public static async Task<TestMiddlebox> StartAsync(
        Uri nextHop, Action<TlmspMiddleboxHostOptions>? configure = null, bool inspect = true, ITlmspInspector? inspector = null,
        Action<IServiceCollection>? services = null, LogLevel level = LogLevel.Debug, Action<ITlmspMiddleboxBuilder>? building = null)
    {
        int port = FreePort();
        string address = $"tlmsp://localhost:{port}";
        var logs = new CollectingLogger();
        var seen = new RecordingInspector();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(logs).SetMinimumLevel(level);
        services?.Invoke(builder.Services);
        ITlmspMiddleboxBuilder middlebox = builder.Services.AddTlmspMiddlebox(options =>
        {
            options.Address = address;
            options.ListenEndPoint = new IPEndPoint(IPAddress.Loopback, port);
            options.Certificate = TestCertificates.Leaf("localhost");
            options.Trust.CustomRootTrust.Add(TestCertificates.Root);
            options.NextHops.Allow($"{nextHop.Host}:{nextHop.Port}");
            configure?.Invoke(options);
        });
        if (inspect)
        {
            middlebox.AddInspector(_ => inspector ?? seen);
        }

        building?.Invoke(middlebox);

        IHost host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new TestMiddlebox(host, address, seen, logs);
    }

    /// <summary>A port that nobody listens on, and below those that outgoing connections are given: it is still free when it is used.</summary>
    public static int FreePort()
    {
        while (true)
        {
            int port = FirstPort + (int)((uint)Interlocked.Increment(ref s_port) % PortCount);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken by somebody else.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Keeps everything that an inspector is shown.</summary>
public sealed class RecordingInspector : ITlmspInspector
{
    private readonly Lock _lock = new();
    private readonly List<HttpHead> _heads = [];
    private readonly List<HttpField> _secrets = [];
    private readonly MemoryStream _content = new();
    private readonly MemoryStream[] _contents = [new(), new()];
    private readonly MemoryStream[] _tunnels = [new(), new()];
    private long _opaqueTunnel;
    private long _opaqueHead;
    private long _opaqueContent;
    private int _ends;
    private int _contentCalls;

    public HttpHead[] Heads
    {
        get
        {
            lock (_lock)
            {
                return [.. _heads];
            }
        }
    }

    /// <summary>Sensitive fields that came without their head.</summary>
    public HttpField[] SecretFields
    {
        get
        {
            lock (_lock)
            {
                return [.. _secrets];
            }
        }
    }

    public byte[] Content
    {
        get
        {
            lock (_lock)
            {
                return _content.ToArray();
            }
        }
    }

    /// <summary>The content in one direction: those of the two can overlap.</summary>
    public byte[] ContentOf(HttpDirection direction)
    {
        lock (_lock)
        {
            return _contents[(int)direction].ToArray();
        }
    }

    /// <summary>What passed in a tunnel in one direction.</summary>
    public byte[] TunnelOf(HttpDirection direction)
    {
        lock (_lock)
        {
            return _tunnels[(int)direction].ToArray();
        }
    }

    public long OpaqueTunnelBytes => Interlocked.Read(ref _opaqueTunnel);

    public long OpaqueHeadBytes => Interlocked.Read(ref _opaqueHead);

    public long OpaqueContentBytes => Interlocked.Read(ref _opaqueContent);

    public int ContentCalls => Volatile.Read(ref _contentCalls);

    public int MessageEnds => Volatile.Read(ref _ends);

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _heads.Add(message.Head!);
        }

        return default;
    }

    public ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _secrets.AddRange(fields);
        }

        return default;
    }

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _content.Write(content.Memory.Span);
            _contents[(int)message.Direction].Write(content.Memory.Span);
            _contentCalls++;
        }

        return default;
    }

    public ValueTask<InspectionVerdict> OnMessageEndAsync(
        InspectedMessage message, InspectedContent held, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _ends);
        return default;
    }

    public ValueTask<InspectionVerdict> OnTunnelAsync(
        HttpDirection direction, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _tunnels[(int)direction].Write(data.Span);
        }

        return default;
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken)
    {
        if (role == HttpRole.Head)
        {
            Interlocked.Add(ref _opaqueHead, length);
        }
        else if (role == HttpRole.Tunnel)
        {
            Interlocked.Add(ref _opaqueTunnel, length);
        }
        else
        {
            Interlocked.Add(ref _opaqueContent, length);
        }

        return ValueTask.CompletedTask;
    }
}
