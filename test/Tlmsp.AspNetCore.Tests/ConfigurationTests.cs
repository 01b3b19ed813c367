using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>An endpoint from a configuration section.</summary>
public class ConfigurationTests
{
    [Fact]
    public void Every_setting_has_its_place()
    {
        using var files = new CertificateFiles();

        TlmspConnectionOptions options = Apply(files, """
            {
              "Certificate": { "Path": "server.pem", "KeyPath": "server.encrypted.key", "Password": "correct horse" },
              "TrustedRoots": "root.pem",
              "RevocationMode": "offline",
              "HandshakeTimeout": "00:00:03",
              "Mapping": "EtsiCurl",
              "AllowReferenceMiddleboxes": true,
              "KeyLogFile": "keys.log",
              "AllowResizing": false,
              "Profiles": [ "two", "Four+secret(X-Token, X-Api-Key)" ],
              "Deletions": "Refuse",
              "PlainTls": "allow",
              "Middleboxes": [
                { "Address": "waf.example:7001", "Grant": "headers=r, body=rw" },
                { "Address": "dlp.example:7002", "Grant": "2=r" },
                { "Address": "relay.example:7003", "Grant": "none" }
              ],
              "InsertedMiddleboxes": [
                { "Address": "gate.example:7004", "Grant": "headers=r", "Place": "NearestToClient" },
                { "Address": "scan.example:7005", "Grant": "body=r" }
              ],
              "ForbiddenMiddleboxes": [ "old.example:7006" ]
            }
            """);

        Assert.Equal(TestCertificates.Leaf().Subject, Assert.Single(options.CertificateFiles).Current.Leaf.Subject);
        Assert.Equal(TestCertificates.Root.Thumbprint, Assert.Single(options.Trust.CustomRootTrust).Thumbprint);
        Assert.Equal(X509RevocationMode.Offline, options.Trust.RevocationMode);
        Assert.Equal(TimeSpan.FromSeconds(3), options.HandshakeTimeout);
        Assert.Equal(HttpMappingMode.EtsiCurl, options.Mapping);
        Assert.True(options.AllowReferenceMiddleboxes);
        Assert.False(options.AllowResizing);
        Assert.Equal([HttpProfile.Two, HttpProfile.Four.WithSecrets("x-api-key", "x-token")], options.Profiles);
        Assert.Equal(files.At("keys.log"), options.KeyLogFile);
        Assert.Equal(HttpDeletionPolicy.Refuse, options.Deletions);
        Assert.Equal(TlmspPlainTls.Allow, options.PlainTls);
        Assert.Equal(
            new Dictionary<TlmspAddress, Grant>
            {
                [TlmspAddress.Parse("waf.example:7001")] = Grant.Read(HttpContexts.Headers) + Grant.Write(HttpContexts.Body),
                [TlmspAddress.Parse("dlp.example:7002")] = Grant.Read(HttpContexts.Body),
                [TlmspAddress.Parse("relay.example:7003")] = Grant.None,
                [TlmspAddress.Parse("gate.example:7004")] = Grant.Read(HttpContexts.Headers),
                [TlmspAddress.Parse("scan.example:7005")] = Grant.Read(HttpContexts.Body),
            },
            options.Middleboxes.Items);
        var listed = new TlmspMiddlebox(TlmspAddress.Parse("dlp.example:7002"), Grant.Read(HttpContexts.Body));
        Assert.Equal(
            ["tlmsp://gate.example:7004", "tlmsp://dlp.example:7002", "tlmsp://scan.example:7005"],
            options.Middleboxes.Complete(TestPaths.Offer(listed)).Select(middlebox => middlebox.Address.Text));
        Assert.Contains(
            "old.example:7006 is forbidden",
            options.Middleboxes.Check(
                TestPaths.Offer(new TlmspMiddlebox(TlmspAddress.Parse("old.example:7006"), Grant.None)), HttpMappingMode.Strict),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Named_content_contexts_are_granted_by_their_names_under_every_profile()
    {
        using var files = new CertificateFiles();

        TlmspConnectionOptions options = Apply(files, """
            {
              "Profiles": [ "two+content(pii,media)", "four+content(pii)" ],
              "Middleboxes": [ { "Address": "dlp.example:7002", "Grant": "content:pii=r, body:media=rw" } ]
            }
            """);

        Assert.Equal([HttpProfile.Two.WithContent("pii", "media"), HttpProfile.Four.WithContent("pii")], options.Profiles);
        Assert.Equal(Grant.Read(16, 17, 18) + Grant.Write(19), options.Middleboxes.Items.Single().Value);
    }

    [Fact]
    public void An_empty_section_leaves_the_defaults()
    {
        var defaults = new TlmspConnectionOptions();
        using var files = new CertificateFiles();

        TlmspConnectionOptions options = Apply(files, """{ "Middleboxes": [] }""");

        Assert.Equal(
            (defaults.HandshakeTimeout, defaults.Mapping, defaults.Trust.RevocationMode, true, 0),
            (options.HandshakeTimeout, options.Mapping, options.Trust.RevocationMode, options.Middleboxes.IsEmpty, options.CertificateFiles.Count));
    }

    [Theory]
    [InlineData("""{ "Timeout": "00:00:10" }""", "'Tlmsp:Timeout' is not a setting. Known are TrustedRoots,")]
    [InlineData("""{ "Certificate": { "File": "server.pfx" } }""", "'Tlmsp:Certificate:File' is not a setting. Known are Path,")]
    [InlineData("""{ "Middleboxes": [ { "Address": "a:1", "Grants": "1=r" } ] }""", "'Tlmsp:Middleboxes:0:Grants' is not a setting. Known are Address, Grant.")]
    [InlineData("""{ "Certificate": "server.pfx" }""", "'Tlmsp:Certificate' is a section, not a value")]
    [InlineData("""{ "Middleboxes": "waf.example:7001" }""", "'Tlmsp:Middleboxes' is a section, not a value")]
    [InlineData("""{ "Middleboxes": [ "waf.example:7001" ] }""", "'Tlmsp:Middleboxes:0' is a section, not a value. It holds Address, Grant.")]
    [InlineData("""{ "Mapping": { "Mode": "Strict" } }""", "'Tlmsp:Mapping' is a value, not a section")]
    [InlineData("""{ "Certificate": { "Path": { "File": "x" } } }""", "'Tlmsp:Certificate:Path' is a value, not a section")]
    [InlineData("""{ "HandshakeTimeout": "10" }""", "'Tlmsp:HandshakeTimeout' cannot be used: '10' is not a time of the form hh:mm:ss.")]
    [InlineData("""{ "Mapping": "Loose" }""", "'Tlmsp:Mapping' cannot be used: 'Loose' is none of Strict, EtsiCurl.")]
    [InlineData("""{ "Mapping": "1" }""", "'Tlmsp:Mapping' cannot be used: '1' is none of")]
    [InlineData("""{ "RevocationMode": "" }""", "'Tlmsp:RevocationMode' cannot be used: '' is none of")]
    [InlineData("""{ "AllowReferenceMiddleboxes": "yes" }""", "'Tlmsp:AllowReferenceMiddleboxes' cannot be used: 'yes' is neither true nor false.")]
    [InlineData("""{ "TrustedRoots": "missing.pem" }""", "missing.pem' does not exist")]
    [InlineData("""{ "TrustedRoots": "empty.pem" }""", "'Tlmsp:TrustedRoots' cannot be used: no certificate is in the file")]
    [InlineData("""{ "Certificate": { "Path": "missing.pfx" } }""", "missing.pfx' does not exist")]
    [InlineData("""{ "Certificate": { "Path": "server.pem", "KeyPath": "missing.key" } }""", "missing.key' does not exist")]
    [InlineData("""{ "Certificate": { "Path": "server.pfx", "KeyPath": "server.key" } }""", "Remove the key file 'server.key'")]
    [InlineData("""{ "Certificate": { "Path": "server.pfx", "Password": "wrong" } }""", "'server.pfx' cannot be used")]
    [InlineData("""{ "Certificate": { "Path": "server.pem", "Subject": "x" } }""", "'Tlmsp:Certificate:Path' does not go with Subject")]
    [InlineData("""{ "Certificate": { "Path": "server.pem", "Store": "My" } }""", "'Tlmsp:Certificate:Store' does not go without Subject")]
    [InlineData("""{ "Certificate": { "Password": "x" } }""", "'Tlmsp:Certificate' names no certificate. Set Path for a file, or Subject for a store.")]
    [InlineData("""{ "Certificate": { "Subject": "x", "Store": "Mine" } }""", "'Tlmsp:Certificate:Store' cannot be used: 'Mine' is none of")]
    [InlineData("""{ "Middleboxes": [ { "Grant": "1=r" } ] }""", "'Tlmsp:Middleboxes:0:Address' is missing. Set it, for example to waf.example:7001.")]
    [InlineData("""{ "Middleboxes": [ { "Address": "a:1" } ] }""", "'Tlmsp:Middleboxes:0:Grant' is missing")]
    [InlineData("""{ "Middleboxes": [ { "Address": "a b", "Grant": "1=r" } ] }""", "'Tlmsp:Middleboxes:0:Address' cannot be used: 'a b' is not a TLMSP address")]
    [InlineData("""{ "InsertedMiddleboxes": [ { "Address": "a:1", "Grant": "1=r", "At": "First" } ] }""", "'Tlmsp:InsertedMiddleboxes:0:At' is not a setting. Known are Address, Grant, Place.")]
    [InlineData("""{ "InsertedMiddleboxes": [ { "Address": "a:1", "Grant": "1=r", "Place": "First" } ] }""", "'Tlmsp:InsertedMiddleboxes:0:Place' cannot be used: 'First' is none of NearestToServer, NearestToClient.")]
    [InlineData("""{ "InsertedMiddleboxes": [ { "Address": "a:1" } ] }""", "'Tlmsp:InsertedMiddleboxes:0:Grant' is missing")]
    [InlineData("""{ "InsertedMiddleboxes": [ { "Address": "a:1", "Grant": "1=r" }, { "Address": "a:1", "Grant": "1=r" } ] }""", "'Tlmsp:InsertedMiddleboxes:1:Address' cannot be used: tlmsp://a:1 is inserted already.")]
    [InlineData("""{ "Middleboxes": [ { "Address": "a:1", "Grant": "1=rw" } ], "InsertedMiddleboxes": [ { "Address": "a:1", "Grant": "1=r" } ] }""", "'Tlmsp:InsertedMiddleboxes:0:Address' cannot be used: tlmsp://a:1 is allowed with 1=rw already.")]
    [InlineData("""{ "InsertedMiddleboxes": [ { "Address": "a:1", "Grant": "1=r" } ], "ForbiddenMiddleboxes": [ "a:1" ] }""", "'Tlmsp:ForbiddenMiddleboxes:0' cannot be used: tlmsp://a:1 is inserted already.")]
    [InlineData("""{ "ForbiddenMiddleboxes": [ "a b" ] }""", "'Tlmsp:ForbiddenMiddleboxes:0' cannot be used: 'a b' is not a TLMSP address")]
    [InlineData("""{ "ForbiddenMiddleboxes": [ { "Address": "a:1" } ] }""", "'Tlmsp:ForbiddenMiddleboxes:0' cannot be used: it is a section, not an address.")]
    [InlineData("""{ "ForbiddenMiddleboxes": "a:1" }""", "'Tlmsp:ForbiddenMiddleboxes' is a section, not a value")]
    [InlineData("""{ "Middleboxes": [ { "Address": "a:1", "Grant": "heads=r" } ] }""", "'Tlmsp:Middleboxes:0:Grant' cannot be used: 'heads=r' is not a grant")]
    [InlineData("""{ "Profiles": [ "six" ] }""", "'Tlmsp:Profiles:0' cannot be used: 'six' is no profile. Write two, four or five")]
    [InlineData("""{ "Profiles": [ "two", "four+secret(Host)" ] }""", "'Tlmsp:Profiles:1' cannot be used: The field host cannot be secret")]
    [InlineData("""{ "Profiles": [ "five+secret" ] }""", "'Tlmsp:Profiles:0' cannot be used: Profile five (HTTP/2) cannot have a secret context")]
    [InlineData("""{ "Profiles": [ "four+content(PII)" ], "Middleboxes": [ { "Address": "a:1", "Grant": "content:ads=r" } ] }""", "'Tlmsp:Middleboxes:0:Grant' cannot be used: 'content:ads' is a content context of no profile here. Name it in a profile, such as four+content(ads).")]
    [InlineData("""{ "Profiles": [ "four+content(p_i)" ] }""", "'Tlmsp:Profiles:0' cannot be used: 'p_i' is no name of a content context")]
    [InlineData("""{ "Profiles": "four" }""", "'Tlmsp:Profiles' is a section, not a value")]
    public void What_cannot_be_used_is_named_with_its_path(string json, string message)
    {
        using var files = new CertificateFiles();

        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => Apply(files, json));

        Assert.StartsWith("UseTlmsp: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("correct horse", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task An_endpoint_of_Kestrels_configuration_speaks_TLMSP_by_its_section(string scheme)
    {
        using var files = new CertificateFiles();
        string json = $$"""
            {
              "Kestrel": {
                "Endpoints": {
                  "Orders": {
                    "Url": "{{scheme}}://127.0.0.1:0",
                    "Tlmsp": { "Certificate": { "Path": "server.pfx", "Password": "{{CertificateFiles.Password}}" } }
                  }
                }
              }
            }
            """;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = files.Folder });
        builder.Logging.ClearProviders();
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((context, kestrel) => kestrel.Configure(context.Configuration.GetSection("Kestrel"))
            .Endpoint("Orders", endpoint => endpoint.ListenOptions.UseTlmsp(endpoint.ConfigSection.GetSection("Tlmsp"))));
        await using WebApplication app = builder.Build();
        app.MapGet("/hello", () => "hello");
        await app.StartAsync();
        using var client = new HttpClient(TestServer.Handler());

        Uri address = new(Assert.Single(app.Urls).Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
        Assert.Equal("https", address.Scheme);
        Assert.Equal("hello", await client.GetStringAsync(new Uri(address, "/hello")));
    }

    private static TlmspConnectionOptions Apply(CertificateFiles files, string json)
    {
        IConfiguration root = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Tlmsp": {{json}} }"""))).Build();
        var options = new TlmspConnectionOptions();
        TlmspConfiguration.Apply(root.GetSection("Tlmsp"), options, files.Folder);
        return options;
    }
}
