using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server, building: box => box.AddInspector(_ => inspector));
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
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
    public async Task Requests_on_old_and_new_connections_go_on_while_listeners_come_and_go()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(server);
        using HttpClient kept = TwoListeners.Client(server, _two.Public);
        string connection = await kept.GetStringAsync("/connection");
        using var enough = new CancellationTokenSource();
        Task[] requests = [AskAsync(() => TwoListeners.AssertServesAsync(server, _two.Public)), AskAsync(async () =>
            Assert.Equal(connection, await kept.GetStringAsync("/connection")))];

        for (int i = 0; i < 10; i++)
        {
            middlebox.Change(json => json["Listeners"]!.AsObject().Remove("Internal"));
            middlebox.Change(_two.Configure);
            await TwoListeners.AssertServesAsync(server, _two.Internal);
        }

        await enough.CancelAsync();
        await Task.WhenAll(requests);

        async Task AskAsync(Func<Task> ask)
        {
            while (!enough.IsCancellationRequested)
            {
                await ask();
            }
        }
    }

    [Fact]
    public async Task A_certificate_file_from_code_that_outlives_changes_is_reported_once()
    {
        string path = Path.GetTempFileName();
        try
        {
            Write(TestCertificates.Leaf());
            var file = new TlmspCertificateFile(path) { CheckInterval = TimeSpan.Zero };
            await using TestServer server = await TwoListeners.StartServerAsync();
            await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(
                server.Address,
                building: box => box.Services.Configure<TlmspMiddleboxHostOptions>(options => options.CertificateFile = file));
            middlebox.Change(json => json["MaxConnections"] = 100);
            middlebox.Change(json => json["MaxConnections"] = 200);

            Write(TestCertificates.Leaf());
            await TwoListeners.AssertServesAsync(server, middlebox.Address);

            Assert.Single(middlebox.Logs.Lines, line => line.Contains("uses the new certificate", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(path);
        }

        void Write(X509Certificate2 leaf)
        {
            using ECDsa key = leaf.GetECDsaPrivateKey()!;
            File.WriteAllText(path, leaf.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        }
    }

    [Fact]
    public async Task The_number_of_connections_of_a_listener_can_be_raised()
    {
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await _two.StartAsync(
            server, json => json["Listeners"]!["Public"]!["MaxConnections"] = 1);
        using HttpClient first = TwoListeners.Client(server, _two.Public);
        using HttpClient second = TwoListeners.Client(server, _two.Public);
        Assert.Equal("hello", await first.GetStringAsync("/hello"));
        Task<string> waiting = second.GetStringAsync("/hello");
        await TwoListeners.AssertServesAsync(server, _two.Internal);
        Assert.False(waiting.IsCompleted);

        middlebox.Change(json => json["Listeners"]!["Public"]!["MaxConnections"] = 2);

        Assert.Equal("hello", await waiting);
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
