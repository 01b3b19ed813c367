using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A middlebox in appsettings.json: what works, what is refused, and what a change of the file does.</summary>
public class ConfigurationTests
{
    private static readonly Uri s_nowhere = new("https://localhost:1");

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "Colour", "\"blue\"", "'Middlebox:Colour' is not a setting. Known are Address, ListenEndPoint" },
        { "NextHops", "[ { \"Adress\": \"a:1\" } ]", "'Middlebox:NextHops:0:Adress' is not a setting. Known are Address, MayBeLocal, Demand, Refuse" },
        { "NextHops", "[ { \"MayBeLocal\": true } ]", "'Middlebox:NextHops:0:Address' is missing. Set it, for example to orders.example:5001" },
        { "NextHops", "[ { \"Address\": \"a:1\", \"Demand\": \"heads=r\" } ]", "'Middlebox:NextHops:0:Demand' cannot be used: " },
        { "NextHops", "[ { \"Address\": \"user@a\" } ]", "'Middlebox:NextHops:0:Address' cannot be used: " },
        { "NextHops", "\"a:1\"", "'Middlebox:NextHops' is a section, not a value" },
        { "ListenEndPoint", "\"here\"", "'Middlebox:ListenEndPoint' cannot be used: 'here' is no IP address with a port, such as 0.0.0.0:7001" },
        { "ListenEndPoint", "\"127.0.0.1\"", "'Middlebox:ListenEndPoint' cannot be used: '127.0.0.1' is no IP address with a port" },
        { "Listeners", "\"a:1\"", "'Middlebox:Listeners' is a section, not a value" },
        { "Listeners", "{ \"Public\": \"a:1\" }", "'Middlebox:Listeners:Public' is a section, not a value. It holds Address, ListenEndPoint" },
        { "Listeners", "{ \"Public\": { \"Adress\": \"a:1\" } }", "'Middlebox:Listeners:Public:Adress' is not a setting. Known are Address" },
        { "Listeners", "{ \"Public\": { } }", "'Middlebox:Listeners:Public:Address' is missing. Set it, for example to waf.example:7001" },
        { "Listeners", "{ \"A\": { \"Address\": \"a:1\", \"ListenEndPoint\": \"a:1\" } }", "'Middlebox:Listeners:A:ListenEndPoint' cannot be used: 'a:1' is no" },
        { "Listeners", "{ \"A\": { \"Address\": \"a:1\", \"MaxConnections\": -1 } }", "'Middlebox:Listeners:A:MaxConnections' cannot be used: '-1' is no" },
        { "Listeners", "{ \"A\": { \"Address\": \"a:1\", \"Certificate\": { \"Path\": \"a.pem\" } } }", "'Middlebox:Listeners:A:Certificate:Path' cannot be used: " },
        { "InspectorTimeout", "10", "'Middlebox:InspectorTimeout' cannot be used: '10' is not a time of the form hh:mm:ss" },
        { "MaxConnections", "\"many\"", "'Middlebox:MaxConnections' cannot be used: 'many' is no number" },
        { "OnInspectorFailure", "\"Shrug\"", "'Middlebox:OnInspectorFailure' cannot be used: 'Shrug' is none of Close, Forward" },
        { "TrustedRoots", "\"nowhere.pem\"", "'Middlebox:TrustedRoots' cannot be used: the file '" },
        { "Certificate", "{ \"Path\": \"nowhere.pem\" }", "'Middlebox:Certificate:Path' cannot be used: the file '" },
        { "Certificate", "{ \"KeyPath\": \"box.key\" }", "'Middlebox:Certificate:Path' is missing." },
        { "Limits", "{ \"MaxBoxes\": 1 }", "'Middlebox:Limits:MaxBoxes' is not a setting." },
    };

    [Fact]
    public async Task A_middlebox_in_a_file_relays()
    {
        await using TestServer server = await StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(server.Address, json =>
        {
            json["HandshakeTimeout"] = "00:00:20";
            json["MaxConnections"] = 5;
            json["Limits"] = new JsonObject { ["MaxMiddleboxes"] = 3 };
            json["HttpLimits"] = new JsonObject { ["MaxFields"] = 50 };
        });

        await AssertHelloAsync(server, middlebox, "1=r");
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_in_the_file_is_an_error_at_start_up_that_names_it(string key, string value, string message)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ConfiguredMiddlebox.StartAsync(s_nowhere, json => json[key] = JsonNode.Parse(value)));

        Assert.StartsWith("AddTlmspMiddlebox: " + message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_reported_as_in_code()
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ConfiguredMiddlebox.StartAsync(s_nowhere, json => json.Remove("NextHops")));

        Assert.Contains("No next hop is allowed", Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_the_file_counts_for_new_connections_and_leaves_the_others_alone()
    {
        await using TestServer first = await StartServerAsync();
        await using TestServer second = await StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(first.Address);
        using HttpClient before = Client(first, middlebox, "1=r");
        Assert.Equal("hello", await before.GetStringAsync("/hello"));
        using (HttpClient refused = Client(second, middlebox, "1=r"))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => refused.GetStringAsync("/hello"));
        }

        middlebox.Change(json => json["NextHops"]![0]!["Address"] = $"localhost:{second.Address.Port}");

        await AssertHelloAsync(second, middlebox, "1=r");
        Assert.Equal("hello", await before.GetStringAsync("/hello"));       // on its old connection
        using HttpClient late = Client(first, middlebox, "1=r");
        await Assert.ThrowsAsync<HttpRequestException>(() => late.GetStringAsync("/hello"));
        await middlebox.Logs.WaitForLineAsync("The configuration section Middlebox was read again");
    }

    [Theory]
    [InlineData("Colour", "'Middlebox:Colour' is not a setting")]
    [InlineData("DrainTimeout", "DrainTimeout is 00:00:00. Set it to more than zero")]
    public async Task A_change_that_cannot_be_used_is_logged_and_nothing_changes(string key, string reason)
    {
        await using TestServer server = await StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(server.Address);

        middlebox.Change(json => json[key] = "00:00:00");

        string line = Assert.Single(middlebox.Logs.Lines, line => line.Contains("cannot be used; the one before stays", StringComparison.Ordinal));
        Assert.Contains(reason, line, StringComparison.Ordinal);
        await AssertHelloAsync(server, middlebox, "1=r");

        middlebox.Change(json => json.Remove(key));
        Assert.Contains(middlebox.Logs.Lines, each => each.Contains("was read again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_number_of_connections_can_be_raised_and_lowered()
    {
        await using TestServer server = await StartServerAsync();
        await using ConfiguredMiddlebox middlebox = await ConfiguredMiddlebox.StartAsync(server.Address, json => json["MaxConnections"] = 1);
        using HttpClient first = Client(server, middlebox, "1=r");
        using HttpClient second = Client(server, middlebox, "1=r");
        Assert.Equal("hello", await first.GetStringAsync("/hello"));
        Task<string> waiting = second.GetStringAsync("/hello");
        Assert.False(waiting.IsCompleted);

        middlebox.Change(json => json["MaxConnections"] = 2);
        Assert.Equal("hello", await waiting);

        middlebox.Change(json => json["MaxConnections"] = 1);
        using HttpClient third = Client(server, middlebox, "1=r");
        waiting = third.GetStringAsync("/hello");
        first.Dispose();
        second.Dispose();
        Assert.Equal("hello", await waiting);
    }

    [Theory]
    [InlineData(1, "waf.example:7001 on 0.0.0.0:7001")]
    [InlineData(2, "waf.internal:7001 on 10.0.0.7:7001", "waf.example:7001 on 203.0.113.7:7001")]
    public void The_samples_in_the_documentation_can_be_used(int sample, params string[] listeners)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root!, "docs", "middlebox.md"));
        string json = page.Split("```json\n")[sample].Split("```")[0];
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            using X509Certificate2 certificate = TestCertificates.Leaf("waf.example");
            foreach (string name in (string[])["waf", "internal"])
            {
                File.WriteAllText(Path.Combine(folder.FullName, $"{name}.pem"), certificate.ExportCertificatePem());
                File.WriteAllText(Path.Combine(folder.FullName, $"{name}.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            }

            File.WriteAllText(Path.Combine(folder.FullName, "ca.pem"), TestCertificates.Root.ExportCertificatePem());
            IConfigurationRoot configuration = new ConfigurationBuilder()
                .AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build();
            var options = new TlmspMiddleboxHostOptions();

            MiddleboxConfiguration.Apply(configuration.GetSection("Middlebox"), options, folder.FullName);

            Assert.Equal(listeners, options.ToSettings().Listeners.Select(each => $"{each.Address} on {each.EndPoint}"));
            Assert.NotEmpty(options.NextHops.Policies);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<TestServer> StartServerAsync() => TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);

    private static HttpClient Client(TestServer server, ConfiguredMiddlebox middlebox, string grant) =>
        server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, HttpContexts.ParseGrant(grant)));

    private static async Task AssertHelloAsync(TestServer server, ConfiguredMiddlebox middlebox, string grant)
    {
        using HttpClient client = Client(server, middlebox, grant);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }
}
