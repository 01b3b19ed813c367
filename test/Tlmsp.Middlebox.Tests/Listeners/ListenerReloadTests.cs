using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Listeners;

/// <summary>Listeners that come, go and change while connections go on.</summary>
public class ListenerReloadTests
{
    private readonly TwoListeners _two = new();

    [Fact]
    public async Task A_listener_is_added_and_the_other_is_not_touched()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(server.Address);
        using HttpClient before = TwoListeners.Client(server, middlebox.Address);
        string connection = await before.GetStringAsync("/connection");

        // From the short form to the long one: the end point stays what it is.
        middlebox.Change(json =>
        {
            _two.Configure(json);
            json["Listeners"]!["Public"] = TwoListeners.Section(middlebox.Address, middlebox.Port);
            json["Listeners"]!["Internal"]!["Certificate"] = middlebox.WriteCertificate("127.0.0.1", "internal");
        });

        await TwoListeners.AssertServesAsync(server, _two.Internal);
        await TwoListeners.AssertServesAsync(server, middlebox.Address);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
        Assert.DoesNotContain(middlebox.Logs.Lines, line => line.Contains("any more", StringComparison.Ordinal));
        Assert.Contains(middlebox.Logs.Lines, line => line.Contains("(listener Public)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listener_is_removed_and_its_connections_go_on()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TwoListeners.StartServerAsync(app => app.MapGet("/slow", async (HttpContext context) =>
        {
            reached.SetResult();
            await answer.Task;
            return context.Connection.Id;
        }));
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        using HttpClient before = TwoListeners.Client(server, _two.Internal);
        string connection = await before.GetStringAsync("/connection");
        Task<string> slow = before.GetStringAsync("/slow");
        await reached.Task;

        middlebox.Change(json => json["Listeners"]!.AsObject().Remove("Internal"));

        answer.SetResult();
        Assert.Equal(connection, await slow);
        TwoListeners.AssertIsFree(_two.InternalPort);
        await TwoListeners.AssertRefusesAsync(server, _two.Internal);
        await TwoListeners.AssertServesAsync(server, _two.Public);
        using HttpResponseMessage echo = await before.PostAsync("/echo", new ByteArrayContent(new byte[1_000_000]));
        Assert.Equal(1_000_000, (await echo.Content.ReadAsByteArrayAsync()).Length);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));

        // And it can come back, beside what is left of it.
        middlebox.Change(_two.Configure);
        await TwoListeners.AssertServesAsync(server, _two.Internal);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
    }

    [Fact]
    public async Task A_host_that_stops_waits_for_what_is_left_of_a_listener_that_was_removed()
    {
        var inspector = new SlowToDispose();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server, building: box => box.AddInspector(_ => inspector));
        using HttpClient before = TwoListeners.Client(server, _two.Internal);
        string connection = await before.GetStringAsync("/connection");
        middlebox.Change(json => json["Listeners"]!.AsObject().Remove("Internal"));
        Assert.Equal(connection, await before.GetStringAsync("/connection"));

        await middlebox.StopAsync();

        Assert.True(inspector.IsDisposed);
    }

    [Fact]
    public async Task A_changed_address_and_certificate_are_for_new_connections()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        var shown = new List<string?>();
        using HttpClient before = TwoListeners.Client(server, _two.Public, shown);
        string connection = await before.GetStringAsync("/connection");
        string address = $"tlmsp://127.0.0.1:{_two.PublicPort}";
        await TwoListeners.AssertRefusesAsync(server, address);

        middlebox.Change(json =>
        {
            json["Listeners"]!["Public"]!["Address"] = address;
            json["Listeners"]!["Public"]!["Certificate"] = middlebox.WriteCertificate("127.0.0.1", "public");
        });

        using HttpClient after = TwoListeners.Client(server, address, shown);
        Assert.Equal("hello", await after.GetStringAsync("/hello"));
        await TwoListeners.AssertRefusesAsync(server, _two.Public);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
        Assert.Equal(2, shown.Distinct().Count());
        Assert.DoesNotContain(middlebox.Logs.Lines, line => line.Contains("any more", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_end_point_is_bound_and_the_old_one_is_unbound()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(server.Address);
        using HttpClient before = TwoListeners.Client(server, middlebox.Address);
        string connection = await before.GetStringAsync("/connection");

        middlebox.Change(json =>
        {
            json["Address"] = _two.Public;
            json["ListenEndPoint"] = $"127.0.0.1:{_two.PublicPort}";
        });

        await TwoListeners.AssertServesAsync(server, _two.Public);
        await middlebox.Logs.WaitForLineAsync(
            $"{middlebox.Address} does not listen on 127.0.0.1:{middlebox.Port} any more (listener Default).");
        TwoListeners.AssertIsFree(middlebox.Port);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
    }

    [Fact]
    public async Task Listeners_that_swap_their_end_points_are_not_bound_anew()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        using HttpClient before = TwoListeners.Client(server, _two.Internal);
        string connection = await before.GetStringAsync("/connection");

        middlebox.Change(json =>
        {
            json["Listeners"]!["Public"]!["ListenEndPoint"] = $"127.0.0.1:{_two.InternalPort}";
            json["Listeners"]!["Public"]!["Address"] = $"tlmsp://localhost:{_two.InternalPort}";
            json["Listeners"]!["Internal"]!["ListenEndPoint"] = $"127.0.0.1:{_two.PublicPort}";
            json["Listeners"]!["Internal"]!["Address"] = $"tlmsp://127.0.0.1:{_two.PublicPort}";
        });

        await TwoListeners.AssertServesAsync(server, $"tlmsp://localhost:{_two.InternalPort}");
        await TwoListeners.AssertServesAsync(server, $"tlmsp://127.0.0.1:{_two.PublicPort}");
        await TwoListeners.AssertRefusesAsync(server, _two.Internal);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
        Assert.DoesNotContain(middlebox.Logs.Lines, line => line.Contains("any more", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listener_that_cannot_be_bound_is_logged_by_name_and_all_stays_as_it_was()
    {
        using var occupied = new TcpListenerOwner();
        int other = TestMiddlebox.FreePort();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        using HttpClient before = TwoListeners.Client(server, _two.Internal);
        string connection = await before.GetStringAsync("/connection");
        void Change() => middlebox.Change(json =>
        {
            JsonObject listeners = json["Listeners"]!.AsObject();
            listeners.Remove("Internal");
            listeners["Another"] = TwoListeners.Section($"tlmsp://localhost:{other}", other);
            listeners["Taken"] = TwoListeners.Section(occupied.Address.Authority, occupied.Address.Port);
            json["NextHops"]![0]!["Address"] = "other.example:1";
        });

        Change();
        Change();

        string line = Assert.Single(
            middlebox.Logs.Lines, line => line.Contains("cannot be used; the one before stays", StringComparison.Ordinal));
        Assert.StartsWith("Error: ", line, StringComparison.Ordinal);
        Assert.Contains(
            $"Listener Taken of TLMSP middlebox {occupied.Address.Authority} cannot listen on 127.0.0.1:{occupied.Address.Port}: ",
            line, StringComparison.Ordinal);
        TwoListeners.AssertIsFree(other);
        await TwoListeners.AssertServesAsync(server, _two.Public);
        await TwoListeners.AssertServesAsync(server, _two.Internal);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));

        // Once the port is free, the same file can be used.
        occupied.Dispose();
        middlebox.Change(json => json["NextHops"]![0]!["Address"] = $"localhost:{server.Address.Port}");
        await TwoListeners.AssertServesAsync(server, $"tlmsp://localhost:{other}");
        TwoListeners.AssertIsFree(_two.InternalPort);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
    }

    [Fact]
    public async Task What_could_not_be_bound_is_tried_again_when_the_same_file_is_read_again()
    {
        using var occupied = new TcpListenerOwner();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        string address = $"tlmsp://localhost:{occupied.Address.Port}";
        middlebox.Change(json => json["Listeners"]!["Taken"] = TwoListeners.Section(address, occupied.Address.Port));
        await middlebox.Logs.WaitForLineAsync("Listener Taken of");

        occupied.Dispose();
        middlebox.Change(_ => { });

        await TwoListeners.AssertServesAsync(server, address);
    }

    [Fact]
    public async Task An_end_point_can_grow_to_every_interface_and_shrink_again()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        using HttpClient before = TwoListeners.Client(server, _two.Public);
        string connection = await before.GetStringAsync("/connection");

        foreach (string wider in (string[])["0.0.0.0", "[::]"])
        {
            middlebox.Change(json => json["Listeners"]!["Public"]!["ListenEndPoint"] = $"{wider}:{_two.PublicPort}");
            await middlebox.Logs.WaitForLineAsync($"{_two.Public} is listening on {wider}:{_two.PublicPort} (listener Public).");
            await TwoListeners.AssertServesAsync(server, _two.Public);
        }

        middlebox.Change(_two.Configure);

        await TwoListeners.AssertServesAsync(server, _two.Public);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
    }

    [Fact]
    public async Task An_end_point_that_had_to_go_first_is_bound_again_when_the_change_fails()
    {
        using var occupied = new TcpListenerOwner();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server);
        using HttpClient before = TwoListeners.Client(server, _two.Public);
        string connection = await before.GetStringAsync("/connection");

        middlebox.Change(json =>
        {
            json["Listeners"]!["Public"]!["ListenEndPoint"] = $"0.0.0.0:{_two.PublicPort}";
            json["Listeners"]!["Taken"] = TwoListeners.Section(occupied.Address.Authority, occupied.Address.Port);
        });

        await middlebox.Logs.WaitForLineAsync("Listener Taken of TLMSP middlebox");
        await TwoListeners.AssertServesAsync(server, _two.Public);
        await TwoListeners.AssertServesAsync(server, _two.Internal);
        Assert.Equal(connection, await before.GetStringAsync("/connection"));
        Assert.Contains(middlebox.Logs.Lines, line =>
            line.Contains($"does not listen on 127.0.0.1:{_two.PublicPort} any more (listener Public).", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_number_of_connections_of_a_listener_can_be_raised()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server, json => json["Listeners"]!["Public"]!["MaxConnections"] = 1);
        using HttpClient first = TwoListeners.Client(server, _two.Public);
        using HttpClient second = TwoListeners.Client(server, _two.Public);
        Assert.Equal("hello", await first.GetStringAsync("/hello"));
        Task<string> waiting = second.GetStringAsync("/hello");
        await TwoListeners.AssertServesAsync(server, _two.Internal);
        Assert.False(waiting.IsCompleted);

        middlebox.Change(json => json["Listeners"]!["Public"]!["MaxConnections"] = 2);

        Assert.Equal("hello", await waiting);
    }

    [Fact]
    public async Task A_change_after_the_host_has_stopped_binds_nothing()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(server.Address);
        await middlebox.StopAsync();

        middlebox.Change(_two.Configure);

        TwoListeners.AssertIsFree(_two.PublicPort);
        TwoListeners.AssertIsFree(_two.InternalPort);
    }

    [Fact]
    public async Task A_listener_that_failed_is_bound_again()
    {
        var transport = new TestTransport();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await StartAsync(server, building: box => transport.Register(box.Services));
        transport.FailAccept(_two.InternalPort);
        await middlebox.Logs.WaitForLineAsync(
            $"accepts no connections any more on 127.0.0.1:{_two.InternalPort} (listener Internal).");
        await TwoListeners.AssertRefusesAsync(server, _two.Internal);

        middlebox.Change(json => json["MaxConnections"] = 100);

        await TwoListeners.AssertServesAsync(server, _two.Internal);
    }

    private Task<ConfiguredMiddlebox> StartAsync(
        TestServer server, Action<JsonObject>? edit = null, Action<ITlmspMiddleboxBuilder>? building = null)
    {
        Action<JsonObject> configure = _two.Configure;
        return ConfiguredMiddlebox.StartAsync(server.Address, configure + edit, building, "localhost,127.0.0.1");
    }

    private sealed class SlowToDispose : ITlmspInspector, IAsyncDisposable
    {
        public bool IsDisposed { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await Task.Delay(300);
            IsDisposed = true;
        }
    }
}
