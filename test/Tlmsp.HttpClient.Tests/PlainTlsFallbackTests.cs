using System.Net;
using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tlmsp.TestSupport;

namespace Tlmsp.Client.Tests;

/// <summary>Servers that do not know TLMSP, and clients that may reach them all the same.</summary>
public class PlainTlsFallbackTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12, nameof(Misbehaviour.MissingTlmspExtension))]
    [InlineData(SslProtocols.Tls12 | SslProtocols.Tls13, nameof(Misbehaviour.MissingTlmspExtension))]
    [InlineData(SslProtocols.Tls13, nameof(TlmspAlert.ProtocolVersion))]
    public async Task A_stock_server_is_reached_and_the_response_says_so(SslProtocols protocols, string answer)
    {
        await using StockServer server = await StockServer.StartAsync(protocols);
        using HttpClient client = server.Client();

        using HttpResponseMessage response = await client.GetAsync("/hello");

        Assert.Equal("stock HTTP/1.1", await response.Content.ReadAsStringAsync());
        Assert.False(response.IsTlmsp());
        Assert.Null(response.GetTlmspConnection());
        TlmspFallback fallback = response.GetTlmspFallback()!;
        Assert.Contains(answer, fallback.Reason, StringComparison.Ordinal);
        Assert.Equal(protocols.HasFlag(SslProtocols.Tls13) ? SslProtocols.Tls13 : SslProtocols.Tls12, fallback.Protocol);
    }

    [Theory]
    [InlineData(HttpVersionPolicy.RequestVersionExact, HttpProtocols.Http2, "HTTP/2")]
    [InlineData(HttpVersionPolicy.RequestVersionOrLower, HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpVersionPolicy.RequestVersionOrLower, HttpProtocols.Http1, "HTTP/1.1")]
    public async Task Requests_for_HTTP_2_get_what_the_server_has(HttpVersionPolicy policy, HttpProtocols http, string protocol)
    {
        await using StockServer server = await StockServer.StartAsync(http: http);
        using HttpClient client = server.Client();
        for (int i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/hello");
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, policy);

            using HttpResponseMessage response = await client.SendAsync(request);

            Assert.Equal($"stock {protocol}", await response.Content.ReadAsStringAsync());
            Assert.NotNull(response.GetTlmspFallback());
            Assert.False(response.IsTlmsp());
        }
    }

    [Fact]
    public async Task By_default_it_is_refused_and_the_error_says_how_to_allow_it()
    {
        await using StockServer server = await StockServer.StartAsync();
        using HttpClient client = server.Client(tlmsp => tlmsp.AllowPlainTls = false);

        TlmspException fault = await RefusedAsync(client, "/hello", "use a TlmspHandler and set tlmsp.AllowPlainTls = true");

        Assert.Equal(Misbehaviour.MissingTlmspExtension, fault.Misbehaviour);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_server_that_speaks_TLMSP_is_spoken_TLMSP_with(string version)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.PlainTls = AspNetCore.TlmspPlainTls.Allow);
        using HttpClient client = server.Client(tlmsp => tlmsp.AllowPlainTls = true);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/info")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.IsTlmsp());
        Assert.Null(response.GetTlmspFallback());
    }

    [Fact]
    public async Task A_redirect_from_TLMSP_to_plain_TLS_and_back_is_told_by_where_it_ended()
    {
        await using StockServer stock = await StockServer.StartAsync(map: app =>
            app.MapGet("/back", (string to) => Results.Redirect(to)));
        await using TestServer server = await TestServer.StartAsync(map: app =>
            app.MapGet("/away", () => Results.Redirect($"{stock.Address}hello")));
        using HttpClient client = server.Client(tlmsp => tlmsp.AllowPlainTls = true);

        using HttpResponseMessage away = await client.GetAsync("/away");
        using HttpResponseMessage back = await client.GetAsync($"{stock.Address}back?to={server.Address}hello");

        Assert.Equal("stock HTTP/1.1", await away.Content.ReadAsStringAsync());
        Assert.Null(away.GetTlmspConnection());
        Assert.Null(away.GetTlmspAudit());
        Assert.False(away.IsTlmsp());
        Assert.Equal("hello", await back.Content.ReadAsStringAsync());
        Assert.NotNull(back.GetTlmspConnection());
        Assert.True(back.IsTlmsp());
    }

    [Fact]
    public async Task Over_HTTP_2_too_a_redirect_is_told_by_where_it_ended()
    {
        await using StockServer stock = await StockServer.StartAsync();
        await using TestServer two = await TestServer.StartAsync();
        await using TestServer one = await TestServer.StartAsync(
            map: app => app.MapGet("/away", (string to) => Results.Redirect(to)), listening: listen => listen.Protocols = HttpProtocols.Http1);
        using HttpClient client = one.Client(tlmsp => tlmsp.AllowPlainTls = true);
        client.DefaultRequestVersion = HttpVersion.Version20;

        using HttpResponseMessage plain = await client.GetAsync($"/away?to={stock.Address}hello");
        using HttpResponseMessage tlmsp = await client.GetAsync($"/away?to={two.Address}hello");

        Assert.Equal("stock HTTP/2", await plain.Content.ReadAsStringAsync());
        Assert.NotNull(plain.GetTlmspFallback());
        Assert.Null(plain.GetTlmspConnection());
        Assert.Equal(HttpVersion.Version20, tlmsp.Version);
        Assert.True(tlmsp.IsTlmsp());
        Assert.Null(tlmsp.GetTlmspConnection());    // not that of the redirect
    }

    [Theory]
    [InlineData("alert 40")]
    [InlineData("a whole flight in one record")]
    public async Task Other_answers_of_stock_servers_lead_there_as_well(string answer)
    {
        byte[] hello = [3, 3, .. new byte[32], 0, 0xc0, 0x2b, 0];
        byte[] flight = [2, 0, 0, (byte)hello.Length, .. hello, 14, 0, 0, 0];
        await using StockServer server = await StockServer.StartAsync();
        using var relay = new HelloRelay(server.Address, _ => null, answer == "alert 40"
            ? HelloRelay.Alert(TlmspAlert.HandshakeFailure)
            : [0x16, 3, 3, 0, (byte)flight.Length, .. flight]);
        using HttpClient client = server.Client();

        using HttpResponseMessage response = await client.GetAsync($"{relay.Address}hello");

        Assert.Equal("stock HTTP/1.1", await response.Content.ReadAsStringAsync());
        Assert.NotNull(response.GetTlmspFallback());
    }

    [Fact]
    public async Task Content_is_sent_once()
    {
        await using StockServer server = await StockServer.StartAsync();
        using HttpClient client = server.Client();

        using HttpResponseMessage response = await client.PostAsync("/post", new StringContent("an order"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["an order"], server.Posts);
    }

    [Fact]
    public async Task The_way_leads_through_the_proxy_for_both_connections()
    {
        await using StockServer server = await StockServer.StartAsync();
        using var proxy = new ConnectProxy();
        using HttpClient client = server.Client(tlmsp => tlmsp.Proxy = new WebProxy(proxy.Address));

        Assert.Equal("stock HTTP/1.1", await client.GetStringAsync("/hello"));

        Assert.Equal(2, proxy.Heads.Count);
        Assert.All(proxy.Heads, head => Assert.StartsWith($"CONNECT localhost:{server.Address.Port} ", head, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_client_certificate_is_sent_to_a_server_that_asks()
    {
        await using StockServer server = await StockServer.StartAsync(configure: https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.AllowAnyClientCertificate();
        });
        using HttpClient client = server.Client(tlmsp => tlmsp.ClientCertificate = TestCertificates.Leaf("client.example"));

        Assert.Equal("CN=test client.example", await client.GetStringAsync("/who"));
    }

    [Theory]
    [InlineData("authority", Misbehaviour.UntrustedCertificate)]
    [InlineData("name", Misbehaviour.CertificateNameMismatch)]
    [InlineData("validity", Misbehaviour.ExpiredCertificate)]
    [InlineData("callback", Misbehaviour.CertificateRefused)]
    public async Task A_certificate_is_held_to_the_same_rules(string problem, Misbehaviour expected)
    {
        await using StockServer server = await StockServer.StartAsync(certificate: TestCertificates.Leaf(
            problem == "name" ? "other.example" : "localhost",
            validity: problem == "validity" ? TestValidity.Expired : TestValidity.Current,
            issuer: problem == "authority" ? TestIssuer.UntrustedRoot : TestIssuer.Root));
        using HttpClient client = server.Client(tlmsp =>
        {
            if (problem == "callback")
            {
                tlmsp.Trust.ValidationCallback = context => context.Party != CertificateParty.Server;
            }
        });

        TlmspException fault = await RefusedAsync(client, "/hello", expected.ToString());

        Assert.Equal(expected, fault.Misbehaviour);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("acceptance")]
    [InlineData("policy")]
    public void Middleboxes_and_plain_TLS_exclude_each_other_at_start_up(string what)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => TestServer.Handler(tlmsp =>
        {
            tlmsp.AllowPlainTls = true;
            _ = what switch
            {
                "list" => tlmsp.Middleboxes.Add("waf.example:7001", Grant.Read(1)),
                "acceptance" => tlmsp.Middleboxes.Accept("waf.example:7001", Grant.Read(1)),
                _ => (object?)(tlmsp.Middleboxes.Policy = _ => null),
            };
        }));

        Assert.Contains("AllowPlainTls cannot be used with Middleboxes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_middlebox_that_is_added_later_ends_the_fallback()
    {
        await using StockServer server = await StockServer.StartAsync();
        TlmspHttpOptions? options = null;
        using HttpClient client = server.Client(tlmsp => options = tlmsp);
        options!.Middleboxes.Policy = _ => null;

        Assert.Equal(Misbehaviour.MissingTlmspExtension, (await RefusedAsync(client, "/hello", "plain TLS only")).Misbehaviour);
    }

    [Fact]
    public void A_handler_whose_responses_do_not_show_it_refuses()
    {
        using var handler = new SocketsHttpHandler();

        ArgumentException e = Assert.Throws<ArgumentException>(() => handler.UseTlmsp(tlmsp => tlmsp.AllowPlainTls = true));

        Assert.Contains("AllowPlainTls needs a TlmspHandler", e.Message, StringComparison.Ordinal);
    }

    internal static async Task<TlmspException> RefusedAsync(HttpClient client, string path, string message)
    {
        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(path));
        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
        AuthenticationException inner = Assert.IsType<AuthenticationException>(e.InnerException);
        Assert.Contains(message, inner.Message, StringComparison.Ordinal);
        return Assert.IsType<TlmspException>(inner.InnerException);
    }
}
