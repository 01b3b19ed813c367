using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What does not fit fails at start-up, with a message that says how to fix it.</summary>
public class StartUpTests
{
    public static TheoryData<string, string> Problems => new()
    {
        { "no time", "HandshakeTimeout is 00:00:00. Set a time of more than zero" },
        { "too much time", "Set a time of more than zero and less than 24 days, or Timeout.InfiniteTimeSpan" },
        { "no key", "has no private key; load it from a PKCS#12 file, or from PEM together with its key" },
        { "weak key", "1024" },
        { "no groups", "Leave Groups at its default" },
        { "no suites", "Leave CipherSuites at its default" },
        { "no profile", "No profile is accepted. Leave Profiles at its default, or add one" },
        { "mapping of a profile", "The EtsiCurl mapping is for profile two, which is not among the accepted Profiles. Add HttpProfile.Two" },
        { "context of no profile", "Middlebox tlmsp://waf.example:7001 is allowed context 8, which none of the accepted profiles has (two, four" },
        { "too many middleboxes", "Limits.MaxMiddleboxes is 252; it must be 0 to 251" },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public async Task Options_that_do_not_fit_are_named(string problem, string message)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(listen => listen.UseTlmsp(TestCertificates.Leaf(), tlmsp =>
        {
            switch (problem)
            {
                case "no time":
                    tlmsp.HandshakeTimeout = TimeSpan.Zero;
                    break;
                case "too much time":
                    tlmsp.HandshakeTimeout = TimeSpan.MaxValue;
                    break;
                case "no key":
                    tlmsp.ServerCertificate = X509CertificateLoader.LoadCertificate(TestCertificates.Leaf().RawData);
                    break;
                case "weak key":
                    tlmsp.ServerCertificate = TestCertificates.Leaf(key: TestKey.Rsa1024);
                    break;
                case "no groups":
                    tlmsp.Groups = [];
                    break;
                case "no suites":
                    tlmsp.CipherSuites = [];
                    break;
                case "no profile":
                    tlmsp.Profiles = [];
                    break;
                case "mapping of a profile":
                    tlmsp.Profiles = [HttpProfile.Four];
                    tlmsp.Mapping = HttpMappingMode.EtsiCurl;
                    break;
                case "context of no profile":
                    tlmsp.Middleboxes.Allow("waf.example:7001", HttpContexts.ParseGrant("head=r,secret=r"));
                    break;
                default:
                    tlmsp.Limits.MaxMiddleboxes = 252;
                    break;
            }
        })));

        Assert.StartsWith("UseTlmsp: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2AndHttp3, false, "Set listenOptions.Protocols without Http3")]
    [InlineData(HttpProtocols.Http1AndHttp2AndHttp3, true, "Set listenOptions.Protocols without Http3")]
    public async Task Protocols_that_TLMSP_does_not_carry_are_named_whenever_they_were_set(
        HttpProtocols protocols, bool afterwards, string message)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(listen =>
        {
            if (!afterwards)
            {
                listen.Protocols = protocols;
            }

            listen.UseTlmsp(TestCertificates.Leaf());
            listen.Protocols = protocols;
        }));

        Assert.StartsWith("UseTlmsp: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_certificate_the_development_certificate_is_used_or_asked_for()
    {
        Exception? e = await Record.ExceptionAsync(() => StartAsync(listen => listen.UseTlmsp()));

        if (CertificateSource.Development() is null)
        {
            Assert.Contains("run 'dotnet dev-certs https'", Assert.IsType<InvalidOperationException>(e).Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Null(e);
        }
    }

    [Fact]
    public async Task A_relaxed_endpoint_says_so_in_the_log()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp =>
        {
            tlmsp.AllowReferenceMiddleboxes = true;
            tlmsp.Mapping = HttpMappingMode.EtsiCurl;
        });

        string[] warnings = [.. server.Logs.Lines.Where(line => line.StartsWith("Warning:", StringComparison.Ordinal))];
        Assert.Equal(2, warnings.Length);
        Assert.Contains("SHA-1 signatures", warnings[0], StringComparison.Ordinal);
        Assert.Contains("EtsiCurl", warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_endpoint_starts_without_a_warning()
    {
        await using TestServer server = await TestServer.StartAsync();

        server.Logs.AssertQuiet();
    }

    private static async Task StartAsync(Action<ListenOptions> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, configure));
        await using WebApplication app = builder.Build();
        await app.StartAsync();
        await app.StopAsync();
    }
}
