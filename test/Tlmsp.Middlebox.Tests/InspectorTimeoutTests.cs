using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Inspectors that do not return in time are given up: the connection ends, and their late return changes nothing.</summary>
public class InspectorTimeoutTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(300);

    /// <summary>The call, and whether it blocks its thread.</summary>
    public static TheoryData<string, bool> Calls => new()
    {
        { "connected", false },
        { "connected", true },
        { "request", false },
        { "request", true },
        { "response", false },
        { "response", true },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_that_takes_too_long_ends_both_sides_with_an_alert_and_nothing_passes_even_late(string call, bool blocks)
    {
        using var release = new ManualResetEventSlim();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = new TaskCompletionSource();
        var inspector = new ScriptedInspector(call, async cancellationToken =>
        {
            cancellationToken.Register(told.SetResult);
            if (blocks)
            {
                release.Wait(CancellationToken.None);
            }
            else
            {
                await released.Task;
            }
        });
        await using PeerPath path = await PeerPath.StartAsync(options => options.InspectorTimeout = s_short, inspector: inspector);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        if (call != "connected")
        {
            await client.SendMessageAsync(PeerPath.Request, "x");
        }

        if (call == "response")
        {
            Assert.Equal($"1: {PeerPath.Request}", await server.ReceiveTextAsync());
            Assert.Equal("2: x", await server.ReceiveTextAsync());
            await server.SendMessageAsync(PeerPath.Response, "y");
        }

        await AssertAlertAsync(client);
        await AssertAlertAsync(server);
        await told.Task;
        Assert.Contains(path.Middlebox.Logs.Lines, line => line.Contains("InspectorTimeout", StringComparison.Ordinal));

        // Its place is free again while the call still hangs, and its late return does no harm.
        await path.AssertWorksAsync();
        release.Set();
        released.SetResult();
        await path.AssertWorksAsync();

        async Task AssertAlertAsync(TlmspPeer peer)
        {
            // Alert 80 comes next, and then the end: nothing else was passed on.
            TlmspException end = await Assert.ThrowsAsync<TlmspException>(peer.ReceiveAsync);
            Assert.Equal((true, TlmspAlert.InternalError), (end.FromPeer, end.Alert));
            await peer.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_call_that_returns_in_time_passes_everything_on()
    {
        var inspector = new ScriptedInspector("request", async cancellationToken => await Task.Delay(s_short, cancellationToken));
        await using PeerPath path = await PeerPath.StartAsync(inspector: inspector);

        await path.AssertWorksAsync();

        Assert.Equal(2, inspector.Seen.Heads.Length);
    }

    [Fact]
    public async Task An_inspector_is_disposed_of_when_its_connection_ends_but_not_inside_a_call()
    {
        var pool = new Instances();
        using TcpListenerOwner server = new();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address,
            options =>
            {
                options.InspectorTimeout = s_short;
                options.SweepInterval = TimeSpan.FromMilliseconds(20);
            },
            inspect: false,
            services: services => services.AddSingleton(pool).AddScoped<ITlmspInspector, Counted>());
        TlmspMiddlebox[] list = [middlebox.With(Grant.Read(HttpContexts.Headers))];

        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(server.Listener);
        TlmspPeer client = await TlmspPeer.ConnectAsync(server.Address, list);
        await using (TlmspPeer accepted = await accepting)
        {
            Assert.Equal((1, 0), (pool.Made, pool.Disposed));
            await client.DisposeAsync();
        }

        await pool.WaitForDisposedAsync(1);

        pool.Hang = new TaskCompletionSource();
        accepting = TlmspPeer.AcceptAsync(server.Listener);
        client = await TlmspPeer.ConnectAsync(server.Address, list);
        await using (TlmspPeer accepted = await accepting)
        {
            await client.SendAsync(HttpContexts.Headers, PeerPath.Request);
            Assert.Equal(TlmspAlert.InternalError, (await client.ReceiveEndAsync())?.Alert);
            Assert.Equal(TlmspAlert.InternalError, (await accepted.ReceiveEndAsync())?.Alert);
            await client.DisposeAsync();
        }

        Assert.Equal((2, 1), (pool.Made, pool.Disposed));
        pool.Hang.SetResult();
        await pool.WaitForDisposedAsync(2);
    }

    private sealed class Instances
    {
        private readonly SemaphoreSlim _disposed = new(0);
        private int _count;

        public int Made { get; set; }

        public int Disposed => Volatile.Read(ref _count);

        public TaskCompletionSource? Hang { get; set; }

        public void Add()
        {
            Interlocked.Increment(ref _count);
            _disposed.Release();
        }

        public async Task WaitForDisposedAsync(int count)
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (Disposed < count)
            {
                await _disposed.WaitAsync(timeout.Token);
            }
        }
    }

    private sealed class Counted : ITlmspInspector, IAsyncDisposable
    {
        private readonly Instances _instances;

        public Counted(Instances instances)
        {
            _instances = instances;
            instances.Made++;
        }

        public async ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
        {
            if (_instances.Hang is { } hang)
            {
                await hang.Task;
            }

            return default;
        }

        public ValueTask DisposeAsync()
        {
            _instances.Add();
            return ValueTask.CompletedTask;
        }
    }
}
