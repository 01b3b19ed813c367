using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.Middlebox;
using Tlmsp.TestSupport;

namespace Tlmsp.Benchmarks;

/// <summary>How an HTTPS client reaches the API.</summary>
internal enum HttpsWay
{
    Direct,
    ThroughRelay,
    ThroughYarp,
}

/// <summary>How a TLMSP client reaches the API.</summary>
internal enum TlmspWay
{
    Direct,

    /// <summary>Through a middlebox that may read heads, and has no inspector.</summary>
    Relayed,

    /// <summary>Through a middlebox with an inspector for heads.</summary>
    Inspected,

    /// <summary>Through a middlebox with an inspector that looks at every byte of content.</summary>
    ContentRead,

    /// <summary>Through a middlebox with an inspector that replaces all content by as much.</summary>
    ContentReplaced,

    /// <summary>Through a middlebox with an inspector that may change the length of content, so that the middlebox makes the chunks.</summary>
    ContentRechunked,
}

/// <summary>One API on Kestrel, reached over TLMSP and over TLS 1.2 with the same cipher suite, each directly and through one middlebox.</summary>
internal sealed class LoopbackPath : IAsyncDisposable
{
    // Windows has no such policy; it picks AES-256 there, and the comparison flatters TLMSP a little.
    private static readonly CipherSuitesPolicy? s_suites = OperatingSystem.IsWindows()
        ? null
        : new([TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]);

    private readonly WebApplication _app;
    private readonly Dictionary<TlmspWay, TestMiddlebox> _middleboxes = [];
    private TerminatingProxy _relay = null!;
    private ReverseProxy _yarp = null!;

    private LoopbackPath(WebApplication app) => _app = app;

    public Uri Tlmsp => new(Url(0), "#tlmsp");

    public Uri TlmspThroughMiddlebox => new(Url(0), "#" + _middleboxes[TlmspWay.Relayed].Address);

    public Uri Https => Url(1);

    public Uri Http => Url(2);

    public static async Task<LoopbackPath> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        X509Certificate2 certificate = TestCertificates.Leaf("localhost");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseTlmsp(certificate, tlmsp =>
            {
                tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                tlmsp.Middleboxes.Policy = _ => null;
                tlmsp.AllowReferenceMiddleboxes = true;
            }));
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate, https =>
            {
                https.SslProtocols = SslProtocols.Tls12;
                https.OnAuthenticate = (_, options) => options.CipherSuitesPolicy = s_suites;
            }));
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        WebApplication app = builder.Build();
        app.MapGet("/order", () => new { Id = 1, Article = "left-handed screwdriver", Quantity = 3 });
        byte[] block = new byte[64 * 1024];
        app.MapGet("/bulk/{blocks:int}", async (int blocks, HttpContext context) =>
        {
            for (int i = 0; i < blocks; i++)
            {
                await context.Response.Body.WriteAsync(block);
            }
        });
        await app.StartAsync();
        var path = new LoopbackPath(app);
        path._middleboxes[TlmspWay.Relayed] = await TestMiddlebox.StartAsync(path.Tlmsp, inspect: false);
        path._middleboxes[TlmspWay.Inspected] = await InspectedAsync(() => new HeadCounter());
        path._middleboxes[TlmspWay.ContentRead] = await InspectedAsync(() => new ContentReader());
        path._middleboxes[TlmspWay.ContentReplaced] = await InspectedAsync(() => new ContentReplacer());
        path._middleboxes[TlmspWay.ContentRechunked] = await InspectedAsync(() => new ContentRechunker());
        path._relay = new TerminatingProxy(
            TestCertificates.Leaf("localhost"), new IPEndPoint(IPAddress.Loopback, path.Https.Port), ClientTls());
        path._yarp = await ReverseProxy.StartAsync(TestCertificates.Leaf("localhost"), path.Https, Handler());
        return path;

        Task<TestMiddlebox> InspectedAsync(Func<ITlmspInspector> make) => TestMiddlebox.StartAsync(
            path.Tlmsp, inspect: false, building: middlebox => middlebox.AddInspector(_ => make()));
    }

    public HttpClient TlmspClient(TlmspWay way, Version? version = null) => new(new TlmspHandler(tlmsp =>
    {
        tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
        if (way != TlmspWay.Direct)
        {
            tlmsp.Middleboxes.Add(_middleboxes[way].Address, way switch
            {
                TlmspWay.ContentRead => Grant.Read(HttpContexts.Headers, HttpContexts.Body),
                TlmspWay.ContentReplaced or TlmspWay.ContentRechunked => Grant.Read(HttpContexts.Headers) + Grant.Write(HttpContexts.Body),
                _ => Grant.Read(HttpContexts.Headers),
            });
        }
    }))
    {
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        BaseAddress = Tlmsp,
    };

    public HttpClient HttpsClient(HttpsWay way, Version? version = null) => new(Handler())
    {
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        BaseAddress = way switch
        {
            HttpsWay.Direct => Https,
            HttpsWay.ThroughRelay => new Uri($"https://localhost:{_relay.Port}"),
            _ => new Uri($"https://localhost:{_yarp.Port}"),
        },
    };

    public async ValueTask DisposeAsync()
    {
        foreach (TestMiddlebox middlebox in _middleboxes.Values)
        {
            await middlebox.DisposeAsync();
        }

        await _relay.DisposeAsync();
        await _yarp.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static SocketsHttpHandler Handler() => new() { SslOptions = ClientTls(), UseProxy = false };

    private static SslClientAuthenticationOptions ClientTls()
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls12,
            CipherSuitesPolicy = s_suites,
            AllowTlsResume = false,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
        options.CertificateChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(TestCertificates.Root.RawData));
        return options;
    }

    private Uri Url(int index) => new(_app.Urls.ElementAt(index).Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
}
