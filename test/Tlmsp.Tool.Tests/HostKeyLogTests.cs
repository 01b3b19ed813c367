using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tlmsp.TestSupport;

namespace Tlmsp.Tool.Tests;

/// <summary>The key logs of the hosts decode what was recorded between them, and each is announced.</summary>
public sealed class HostKeyLogTests : ToolTest
{
    [Fact]
    public async Task A_recorded_request_is_read_with_the_key_log_of_the_server_and_half_of_it_with_that_of_the_middlebox()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.KeyLogFile = PathOf("server.log");
        });
        await using var relay = new RecordingRelay();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
        {
            options.Address = relay.Address;
            options.KeyLogFile = PathOf("middlebox.log");
        });
        relay.Start(new Uri(middlebox.Address).Port);
        File.WriteAllText(PathOf("ca.pem"), TestCertificates.Root.ExportCertificatePem());

        ToolRun get = await ToolRun.OfAsync(
            ["get", $"{server.Address}echo", "--ca", PathOf("ca.pem"), "--via", $"{relay.Address}=header:r",
             "-d", "the content of the request"]);
        Assert.Equal((0, "the content of the request"), (get.ExitCode, get.Out));
        (byte[] toServer, byte[] toClient) = await relay.RecordedAsync();
        File.WriteAllBytes(PathOf("up"), toServer);
        File.WriteAllBytes(PathOf("down"), toClient);
        string[] decode = ["decode", "--to-server", PathOf("up"), "--to-client", PathOf("down"), "--key-log"];
        ToolRun asServer = await ToolRun.OfAsync([.. decode, PathOf("server.log")]);
        ToolRun asMiddlebox = await ToolRun.OfAsync([.. decode, PathOf("middlebox.log")]);

        Assert.Equal((0, 0), (asServer.ExitCode, asMiddlebox.ExitCode));
        Assert.Contains("POST /echo HTTP/", asServer.Out, StringComparison.Ordinal);
        Assert.Contains("the content of t", asServer.Out, StringComparison.Ordinal);
        Assert.Contains("POST /echo HTTP/", asMiddlebox.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("the content of t", asMiddlebox.Out, StringComparison.Ordinal);
        Assert.Contains("ctx 2  26 B  from client  (sealed)", asMiddlebox.Out, StringComparison.Ordinal);

        // Loud: at start-up, before any connection.
        Assert.Contains(server.Logs.Lines, line => line.StartsWith("Warning:", StringComparison.Ordinal)
            && line.Contains($"writes the keys of every connection to {PathOf("server.log")}", StringComparison.Ordinal));
        Assert.Contains(middlebox.Logs.Lines, line => line.StartsWith("Warning:", StringComparison.Ordinal)
            && line.Contains($"writes the keys it is given to {PathOf("middlebox.log")}", StringComparison.Ordinal));

        // And nothing of what is in the file is in the logs.
        string[] keys = [.. File.ReadAllLines(PathOf("server.log"))
            .Where(line => line.StartsWith("TLMSP_", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1])];
        Assert.NotEmpty(keys);
        Assert.DoesNotContain(server.Logs.Lines, line => keys.Any(key => line.Contains(key, StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task A_client_of_the_factory_warns_on_its_first_use()
    {
        await using TestServer server = await TestServer.StartAsync();
        var logs = new CollectingLogger();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(logs));
        services.AddHttpClient("orders").UseTlmsp(tlmsp =>
        {
            tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
            tlmsp.KeyLogFile = PathOf("client.log");
        });
        await using ServiceProvider provider = services.BuildServiceProvider();

        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("orders");

        Assert.Equal("hello", await client.GetStringAsync(new Uri(server.Address, "hello")));
        string warning = $"Warning: HttpClient 'orders' writes the keys of every connection to {PathOf("client.log")}";
        Assert.Single(logs.Lines, line => line.StartsWith(warning, StringComparison.Ordinal));
        Assert.Contains("TLMSP_CLIENT_SYNCH_MAC ", File.ReadAllText(PathOf("client.log")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_log_that_cannot_be_written_stops_the_hosts_at_start_up()
    {
        string missing = Path.Combine(Folder, "missing", "keys.log");

        InvalidOperationException server = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestServer.StartAsync(tlmsp => tlmsp.KeyLogFile = missing));
        Exception middlebox = await Assert.ThrowsAnyAsync<Exception>(
            () => TestMiddlebox.StartAsync(new Uri("https://localhost:1"), options => options.KeyLogFile = missing));
        ArgumentException client = Assert.Throws<ArgumentException>(() => TestServer.Handler(tlmsp => tlmsp.KeyLogFile = missing));

        string problem = $"The key log file '{missing}' cannot be written";
        Assert.All((Exception[])[server, middlebox, client], e => Assert.Contains(problem, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_written_where_it_was_not_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient client = server.Client();

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains("keys", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Folder));
    }
}
