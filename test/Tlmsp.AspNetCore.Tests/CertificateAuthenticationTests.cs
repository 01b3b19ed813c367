using System.Net;
using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Clients that an authentication handler knows by their certificate, whatever is on the path.</summary>
public class CertificateAuthenticationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_is_who_its_certificate_says(int middleboxes)
    {
        await using TestServer server = await StartAsync();
        await using var path = await Path.StartAsync(server, middleboxes);
        using HttpClient alice = path.Client(TestCertificates.Leaf("alice.example"));

        Assert.Equal("alice.example", await alice.GetStringAsync("/me"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_without_a_certificate_is_nobody(int middleboxes)
    {
        await using TestServer server = await StartAsync();
        await using var path = await Path.StartAsync(server, middleboxes);
        using HttpClient somebody = path.Client(certificate: null);

        using HttpResponseMessage response = await somebody.GetAsync("/me");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            tlmsp.Middleboxes.Policy = _ => null;
        },
        app =>
        {
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/me", (ClaimsPrincipal user) => user.Identity!.Name).RequireAuthorization();
        },
        building: builder =>
        {
            builder.Services.AddAuthorization();
            builder.Services.AddAuthentication(CertificateHandler.Scheme)
                .AddScheme<AuthenticationSchemeOptions, CertificateHandler>(CertificateHandler.Scheme, null);
        });

    private sealed class CertificateHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        public new const string Scheme = "Certificate";

        protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (await Context.Connection.GetClientCertificateAsync() is not { } certificate)
            {
                return AuthenticateResult.NoResult();
            }

            string name = certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Scheme);
            return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme));
        }
    }

    private sealed class Path(TestServer server, TestMiddlebox[] middleboxes) : IAsyncDisposable
    {
        public static async Task<Path> StartAsync(TestServer server, int count)
        {
            var middleboxes = new TestMiddlebox[count];
            Uri next = server.Address;
            for (int i = count - 1; i >= 0; i--)
            {
                middleboxes[i] = await TestMiddlebox.StartAsync(next);
                next = new Uri(middleboxes[i].Address);
            }

            return new Path(server, middleboxes);
        }

        public HttpClient Client(X509Certificate2? certificate) => server.Client(tlmsp =>
        {
            tlmsp.ClientCertificate = certificate;
            foreach (TestMiddlebox middlebox in middleboxes)
            {
                tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse("1=r"));
            }
        });

        public async ValueTask DisposeAsync()
        {
            foreach (TestMiddlebox middlebox in middleboxes)
            {
                await middlebox.DisposeAsync();
            }
        }
    }
}
