using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Hosting;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>The tests that applications have of themselves, over TLMSP.</summary>
public class WebApplicationFactoryTests
{
    [Fact]
    public async Task A_TLMSP_client_reaches_the_application_under_test()
    {
        using Factory factory = Factory.Start();
        using var client = new HttpClient(TestServer.Handler()) { BaseAddress = factory.ClientOptions.BaseAddress };

        Assert.Equal("https TLMSP", await client.GetStringAsync("/"));
    }

    [Fact]
    public async Task The_client_that_the_factory_makes_does_not_speak_TLMSP_and_fails()
    {
        using Factory factory = Factory.Start();
        using HttpClient client = factory.CreateClient();

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/"));
        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
    }

    private sealed class Factory : WebApplicationFactory<WebApplicationFactoryTests>
    {
        public static Factory Start()
        {
            var factory = new Factory();
            factory.UseKestrel(kestrel => kestrel.Listen(
                IPAddress.Loopback, 0, listen => listen.UseTlmsp(TestCertificates.Leaf("localhost,127.0.0.1"))));
            factory.StartServer();
            return factory;
        }

        protected override IHostBuilder CreateHostBuilder() => Host.CreateDefaultBuilder().ConfigureWebHostDefaults(
            web => web.Configure(app => app.Run(context => context.Response.WriteAsync(
                $"{context.Request.Scheme} {(context.Features.Get<ITlmspConnectionFeature>() is null ? "" : "TLMSP")}"))));

        protected override void ConfigureWebHost(IWebHostBuilder builder) => builder.UseContentRoot(AppContext.BaseDirectory);
    }
}
