using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Clients of ordinary TLS on an endpoint that speaks TLMSP.</summary>
public class PlainTlsTests
{
    [Theory]
    [InlineData("1.1", "HTTP/1.1")]
    [InlineData("2.0", "HTTP/2")]
    public async Task Both_kinds_of_clients_are_served_on_one_port(string version, string protocol)
    {
        await using TestServer server = await StartAllowingAsync();
        using HttpClient plain = PlainClient(server);
        using HttpClient tlmsp = server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/kind")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using HttpResponseMessage response = await plain.SendAsync(request);

        Assert.Equal($"https {protocol} without TLMSP", await response.Content.ReadAsStringAsync());
        Assert.Equal("https HTTP/1.1 with TLMSP", await tlmsp.GetStringAsync("/kind"));
    }

    [Fact]
    public async Task By_default_they_get_an_alert_and_one_line_says_how_to_allow_them()
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpClient plain = PlainClient(server);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetStringAsync("/hello"));

        Assert.IsType<AuthenticationException>(e.InnerException);
        string line = await server.Logs.WaitForLineAsync("tlmsp.PlainTls = TlmspPlainTls.Allow");
        Assert.StartsWith("Information:", line, StringComparison.Ordinal);
        server.Logs.AssertQuiet();
    }

    [Theory]
    [InlineData(TlmspPlainTls.Refuse)]
    [InlineData(TlmspPlainTls.Allow)]
    public async Task A_client_whose_extension_was_removed_on_the_way_gets_alert_86(TlmspPlainTls setting)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.PlainTls = setting);

        AuthenticationException e = await Assert.ThrowsAnyAsync<AuthenticationException>(
            () => AuthenticateAsync(server, FallbackOptions()));

        Assert.Contains("inappropriate fallback", e.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("Warning:", await server.Logs.WaitForLineAsync("fell back to TLS"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\x16\x03\x01\0\x04\x02\0\0\0")]         // not a ClientHello
    [InlineData("\x16\x03\x01\0\x04\x01\xff\0\0")]      // a hello of 16 MB
    public async Task Cleartext_and_garbage_get_an_alert_and_never_reach_HTTP(string bytes)
    {
        bool reached = false;
        await using TestServer server = await StartAllowingAsync(map: app => app.Use((HttpContext context, RequestDelegate next) =>
        {
            reached = true;
            return next(context);
        }));
        using RawConnection connection = await RawConnection.OpenAsync(server);

        await connection.SendAsync(Encoding.Latin1.GetBytes(bytes));

        byte[] answer = await connection.ReceiveToEndAsync();
        Assert.Equal([0x15, 0x03, 0x03, 0x00, 0x02, 0x02], answer[..6]);
        Assert.Equal(7, answer.Length);
        Assert.False(reached);
    }

    [Fact]
    public async Task A_hello_that_comes_byte_by_byte_is_as_good_as_any()
    {
        await using TestServer server = await StartAllowingAsync(listening: listen => listen.Use(next => connection =>
        {
            connection.Transport = new LoggingDuplexPipe(connection.Transport, new WriteLog(), sliceBytes: 1);
            return next(connection);
        }));
        using HttpClient plain = PlainClient(server);

        Assert.EndsWith("without TLMSP", await plain.GetStringAsync("/kind"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stock_HTTPS_server_takes_no_notice_of_the_fallback_id()
    {
        await using TestServer server = await TestServer.StartAsync(
            listening: listen => listen.UseHttps(TestCertificates.Leaf("localhost")));

        Assert.Equal(SslApplicationProtocol.Http11, await AuthenticateAsync(server, FallbackOptions()));
    }

    [Fact]
    public async Task A_hello_that_never_ends_is_closed_at_the_timeout()
    {
        await using TestServer server = await StartAllowingAsync(tlmsp => tlmsp.HandshakeTimeout = TimeSpan.FromSeconds(1));
        using RawConnection connection = await RawConnection.OpenAsync(server);
        await connection.SendAsync(RawConnection.UnfinishedHello);

        Assert.Empty(await connection.ReceiveToEndAsync());

        await server.Logs.WaitForLineAsync("no TLMSP handshake within 00:00:01");
    }

    [Theory]
    [InlineData("localhost", TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TestKey.EcdsaP256)]
    [InlineData("localhost", TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TestKey.Rsa2048)]
    [InlineData("a.wild.example", TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TestKey.EcdsaP256)]
    [InlineData("a.wild.example", TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TestKey.Rsa2048)]
    [InlineData("other.example", TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TestKey.Rsa2048)]
    [InlineData("", TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TestKey.Rsa2048)]
    public async Task Get_the_certificate_of_the_name_with_a_key_that_their_suites_allow(string name, TlsCipherSuite suite, TestKey key)
    {
        await using TestServer server = await StartAllowingAsync(UseBothKinds);

        using X509Certificate2 shown = await CertificateOfAsync(server, name, SslProtocols.Tls12, suite);

        Assert.Equal(
            TestCertificates.Get(name is "a.wild.example" ? "*.wild.example" : "localhost", key).Leaf.Thumbprint, shown.Thumbprint);
    }

    [Fact]
    public async Task A_client_whose_suites_no_certificate_fits_is_refused_and_the_next_one_served()
    {
        await using TestServer server = await StartAllowingAsync(tlmsp => UseBothKinds(tlmsp, TestKey.EcdsaP256));

        await Assert.ThrowsAnyAsync<AuthenticationException>(
            () => CertificateOfAsync(server, "localhost", SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256));

        using X509Certificate2 shown = await CertificateOfAsync(server);
        Assert.Equal(TestCertificates.Get().Leaf.Thumbprint, shown.Thumbprint);
    }

    [Fact]
    public async Task Settings_that_contradict_each_other_fail_at_start_up()
    {
        InvalidOperationException certificates = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartAllowingAsync(tlmsp => tlmsp.ClientCertificateMode = ClientCertificateMode.RequireCertificate));
        InvalidOperationException callback = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestServer.StartAsync(tlmsp => tlmsp.OnAuthenticatePlainTls = (_, _) => { }));

        Assert.Contains("Ask for their certificates in tlmsp.OnAuthenticatePlainTls", certificates.Message, StringComparison.Ordinal);
        Assert.Contains("Set tlmsp.PlainTls = TlmspPlainTls.Allow", callback.Message, StringComparison.Ordinal);
    }

    private static Task<TestServer> StartAllowingAsync(
        Action<TlmspConnectionOptions>? configure = null, Action<WebApplication>? map = null,
        Action<ListenOptions>? listening = null) => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.PlainTls = TlmspPlainTls.Allow;
            configure?.Invoke(tlmsp);
        },
        app =>
        {
            map?.Invoke(app);
            app.MapGet("/kind", (HttpContext context) => $"{context.Request.Scheme} {context.Request.Protocol} "
                + (context.Features.Get<ITlmspConnectionFeature>() is null ? "without TLMSP" : "with TLMSP"));
        },
        listening);

    private static void UseBothKinds(TlmspConnectionOptions tlmsp) => UseBothKinds(tlmsp, TestKey.EcdsaP256, TestKey.Rsa2048);

    private static void UseBothKinds(TlmspConnectionOptions tlmsp, params TestKey[] keys)
    {
        tlmsp.ServerCertificate = null;
        foreach (TestKey key in keys)
        {
            tlmsp.Certificates.Add(TestCertificates.Get("localhost", key));
            tlmsp.Certificates.Add(TestCertificates.Get("*.wild.example", key));
        }
    }

    internal static HttpClient PlainClient(TestServer server) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = OurRoot() },
    })
    {
        BaseAddress = server.Address,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>What a new connection of a plain TLS client is shown.</summary>
    internal static async Task<X509Certificate2> CertificateOfAsync(
        TestServer server, string name = "localhost", SslProtocols protocols = SslProtocols.None, params TlsCipherSuite[] suites)
    {
        using Socket socket = await TlmspPeer.DialAsync(server.Address);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            EnabledSslProtocols = protocols,
            CipherSuitesPolicy = suites.Length > 0 && !OperatingSystem.IsWindows() ? new CipherSuitesPolicy(suites) : null,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,     // the tests look at what was chosen
        });
        return X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
    }

    private static SslClientAuthenticationOptions FallbackOptions() => new()
    {
        TargetHost = "localhost",
        ApplicationProtocols = [SslApplicationProtocol.Http11, new SslApplicationProtocol(PlainTlsHello.FallbackProtocol)],
        CertificateChainPolicy = OurRoot(),
    };

    private static async Task<SslApplicationProtocol> AuthenticateAsync(TestServer server, SslClientAuthenticationOptions options)
    {
        using Socket socket = await TlmspPeer.DialAsync(server.Address);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(options);
        return tls.NegotiatedApplicationProtocol;
    }

    private static X509ChainPolicy OurRoot()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(TestCertificates.Root);
        return policy;
    }
}
