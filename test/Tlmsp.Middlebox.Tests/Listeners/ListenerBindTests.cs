using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Listeners;

/// <summary>End points that cannot be bound when the configuration changes, or not yet: what there was stays.</summary>
public class ListenerBindTests
{
    private readonly TwoListeners _two = new();

    [Fact]
    public async Task A_listener_that_cannot_be_bound_is_logged_by_name_and_all_stays_as_it_was()
    {
        using var occupied = new TcpListenerOwner();
        int other = TestMiddlebox.FreePort();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server, building: box => transport.Register(box.Services));
        transport.FailAccept(_two.InternalPort);
        await middlebox.Logs.WaitForLineAsync(
            $"accepts no connections any more on 127.0.0.1:{_two.InternalPort} (listener Internal).");
        await TwoListeners.AssertRefusesAsync(server, _two.Internal);

        middlebox.Change(json => json["MaxConnections"] = 100);

        await TwoListeners.AssertServesAsync(server, _two.Internal);
    }
}
