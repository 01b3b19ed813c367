using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Audit;

/// <summary>HttpClient, a middlebox with an audit, Kestrel.</summary>
internal sealed class AuditedPath(TestServer server, TestMiddlebox middlebox, HttpClient client) : IAsyncDisposable
{
    public TestMiddlebox Middlebox => middlebox;

    public HttpClient Client => client;

    public static async Task<AuditedPath> StartAsync(
        string profile, string grant, string version, ITlmspInspector? inspector, Action<AuditLogOptions> configure)
    {
        TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app =>
        {
            app.MapGet("/hello/{i}/{j}", () => "hello");
            app.MapPost("/whole", async (HttpContext context) =>
            {
                using var reader = new StreamReader(context.Request.Body);
                return await reader.ReadToEndAsync();
            });
        });
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, inspect: inspector is not null, inspector: inspector, services: services => new Builder(services).AddAuditLog(configure));
        HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Parse(profile);
            tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse(grant));
        });
        client.DefaultRequestVersion = Version.Parse(version);
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return new AuditedPath(server, middlebox, client);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await middlebox.DisposeAsync();
        await server.DisposeAsync();
    }

    internal sealed record Builder(IServiceCollection Services) : ITlmspMiddleboxBuilder;
}
