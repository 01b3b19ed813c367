using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.Http;

namespace Tlmsp.Client.Tests;

/// <summary>Options that do not fit fail when the handler is made, with a message that says how to fix them.</summary>
public class OptionsTests
{
    [Theory]
    [InlineData("name", "ServerName 'https://orders.example' is no host name. Set the name alone, such as orders.example.")]
    [InlineData("no time", "HandshakeTimeout is 00:00:00. Set a time of more than zero")]
    [InlineData("too much time", "Set a time of more than zero and less than 24 days, or Timeout.InfiniteTimeSpan.")]
    [InlineData("proxy", "TLMSP goes through HTTP proxies only. Set one with the scheme http.")]
    [InlineData("mapping", "a middlebox that may write heads but not content. Use HttpMappingMode.Strict.")]
    [InlineData(
        "profile", "granted context 1, which profile four does not have. It has 3 (req-head), 4 (req-body), 5 (resp-head), 6 (resp-body).")]
    [InlineData("mapping of another profile", "The EtsiCurl mapping is for profile two, and Profile is four. Use HttpMappingMode.Strict.")]
    [InlineData("no groups", "Leave Groups at its default")]
    [InlineData("no suites", "Leave CipherSuites at its default")]
    public void What_does_not_fit_is_named(string problem, string message)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new TlmspHandler(tlmsp =>
        {
            switch (problem)
            {
                case "name":
                    tlmsp.ServerName = "https://orders.example";
                    break;
                case "no time":
                    tlmsp.HandshakeTimeout = TimeSpan.Zero;
                    break;
                case "too much time":
                    tlmsp.HandshakeTimeout = TimeSpan.MaxValue;
                    break;
                case "proxy":
                    tlmsp.Proxy = new WebProxy("socks5://proxy.example:1080");
                    break;
                case "mapping":
                    tlmsp.Mapping = HttpMappingMode.EtsiCurl;
                    tlmsp.Middleboxes.Add("waf.example:7001", Grant.Parse("1=rw"));
                    break;
                case "profile":
                    tlmsp.Profile = HttpProfile.Four;
                    tlmsp.Middleboxes.Add("waf.example:7001", Grant.Read(HttpContexts.Headers));
                    break;
                case "mapping of another profile":
                    tlmsp.Profile = HttpProfile.Four;
                    tlmsp.Mapping = HttpMappingMode.EtsiCurl;
                    break;
                case "no groups":
                    tlmsp.Groups = [];
                    break;
                default:
                    tlmsp.CipherSuites = [];
                    break;
            }
        }));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_relaxed_mapping_goes_with_a_middlebox_that_may_write_content_too()
    {
        using var handler = new TlmspHandler(tlmsp =>
        {
            tlmsp.Mapping = HttpMappingMode.EtsiCurl;
            tlmsp.Middleboxes.Add("waf.example:7001", Grant.Parse("1=rw,2=rw"));
        });

        Assert.NotNull(handler.InnerHandler);
    }

    [Fact]
    public void The_message_about_a_proxy_keeps_its_password_to_itself()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => new TlmspHandler(tlmsp => tlmsp.Proxy = new WebProxy("socks5://user:secret@proxy.example:1080")));

        Assert.Contains("proxy.example", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RemoteCertificateValidationCallback", "Set tlmsp.Trust.ValidationCallback instead.")]
    [InlineData("CertificateRevocationCheckMode", "Set tlmsp.Trust.RevocationMode instead.")]
    [InlineData("CertificateChainPolicy", "Set tlmsp.Trust.ChainPolicy instead.")]
    [InlineData("TargetHost", "Set tlmsp.ServerName instead.")]
    [InlineData("EnabledSslProtocols", "Remove it: TLMSP extends TLS 1.2.")]
    [InlineData("ApplicationProtocols", "Remove it: the version of a request says it.")]
    [InlineData("LocalCertificateSelectionCallback", "Set tlmsp.ClientCertificate instead.")]
    public void TLS_options_of_the_handler_that_would_have_no_effect_are_refused(string option, string instead)
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => new TlmspHandler(null, handler =>
        {
            switch (option)
            {
                case "RemoteCertificateValidationCallback":
                    handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
                    break;
                case "CertificateRevocationCheckMode":
                    handler.SslOptions.CertificateRevocationCheckMode = X509RevocationMode.Online;
                    break;
                case "CertificateChainPolicy":
                    handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy();
                    break;
                case "TargetHost":
                    handler.SslOptions.TargetHost = "orders.example";
                    break;
                case "EnabledSslProtocols":
                    handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls13;
                    break;
                case "ApplicationProtocols":
                    handler.SslOptions.ApplicationProtocols = [System.Net.Security.SslApplicationProtocol.Http2];
                    break;
                default:
                    handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => null!;
                    break;
            }
        }));

        Assert.Equal($"UseTlmsp: SslOptions.{option} of the handler has no effect on TLMSP. {instead}", e.Message);
    }

    [Fact]
    public void A_handler_with_a_connect_callback_of_its_own_is_refused()
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(
            () => new TlmspHandler(null, handler => handler.ConnectCallback = (_, _) => ValueTask.FromResult(Stream.Null)));

        Assert.Contains("Use a handler of its own for TLMSP", e.Message, StringComparison.Ordinal);
    }
}
