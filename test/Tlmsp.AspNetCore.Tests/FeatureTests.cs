using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What an application finds on its HttpContext: what UseHttps would set, and the session.</summary>
public class FeatureTests
{
    [Theory]
    [InlineData(false, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 128)]
    [InlineData(true, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, 256)]
    public async Task The_features_are_those_of_an_https_connection(bool aes256, TlsCipherSuite suite, int strength)
    {
        var found = new List<object?>();
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/features", (HttpContext context) =>
        {
            ITlsHandshakeFeature handshake = context.Features.GetRequiredFeature<ITlsHandshakeFeature>();
            found.Add(context.Request.IsHttps);
            found.Add(context.Request.Scheme);
            found.Add(context.Request.Protocol);
            found.Add(handshake.Protocol);
            found.Add(handshake.NegotiatedCipherSuite);
            found.Add(handshake.HostName);
#pragma warning disable SYSLIB0058
            found.Add(handshake.CipherStrength);
#pragma warning restore SYSLIB0058
            found.Add(
                Encoding.ASCII.GetString(context.Features.GetRequiredFeature<ITlsApplicationProtocolFeature>().ApplicationProtocol.Span));
            found.Add(context.Features.GetRequiredFeature<ITlsConnectionFeature>().ClientCertificate);
            found.Add(context.Features.Get<ISslStreamFeature>());
        }));
        using HttpClient client = server.Client(
            tlmsp => tlmsp.CipherSuites = [.. aes256 ? TlmspCipherSuite.Aes256 : TlmspCipherSuite.Aes128]);

        using HttpResponseMessage response = await client.GetAsync("/features");

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal([true, "https", "HTTP/1.1", SslProtocols.Tls12, suite, "localhost", strength, "http/1.1", null, null], found);
    }

    [Fact]
    public async Task The_session_tells_of_every_middlebox_on_the_path_and_of_what_it_may_do()
    {
        TlmspSessionInfo? atServer = null;
        TlmspSessionInfo? atClient = null;
        MiddleboxAllowList? list = null;
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => list = tlmsp.Middleboxes,
            app => app.MapGet("/session", (HttpContext context) =>
            {
                atServer = context.Features.GetRequiredFeature<ITlmspConnectionFeature>().Session;
            }));
        Grant first = Grant.Read(HttpContexts.Headers) + Grant.Delete(HttpContexts.Body);
        Grant second = Grant.Read(HttpContexts.Body);
        await using TestMiddlebox far = await TestMiddlebox.StartAsync(server.Address);
        await using TestMiddlebox near = await TestMiddlebox.StartAsync(new Uri(far.Address));
        list!.Allow(near.Address, first).Allow(far.Address, second);
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Audited = true;
            tlmsp.Middleboxes.Add(near.Address, first).Add(far.Address, second);
            tlmsp.SessionEstablished = session => atClient = session;
        });

        using HttpResponseMessage response = await client.GetAsync("/session");

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal([(near.Address, first), (far.Address, second)], atServer!.Middleboxes.Select(middlebox => (middlebox.Address.Text, middlebox.Grant)));
        Assert.All(atServer.Middleboxes, middlebox => Assert.Equal("CN=test localhost", middlebox.Certificate!.Subject));
        Assert.Equal(atClient!.SessionId, atServer.SessionId);
        Assert.Equal(atClient.Middleboxes.Select(middlebox => middlebox.Id), atServer.Middleboxes.Select(middlebox => middlebox.Id));
    }
}
