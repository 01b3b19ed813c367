using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Admin;

/// <summary>A client, a middlebox with a live page, and a server.</summary>
internal sealed class AdminPath : IAsyncDisposable
{
    private readonly TestServer _server;

    private AdminPath(TestServer server, TestMiddlebox middlebox, HttpClient client, int port)
    {
        _server = server;
        Middlebox = middlebox;
        Client = client;
        Port = port;
        Page = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public TestMiddlebox Middlebox { get; }

    public HttpClient Client { get; }

    public HttpClient Page { get; }

    public int Port { get; }

    public static async Task<AdminPath> StartAsync(
        string grant, string profile = "four", string version = "1.1", Action<AdminPageOptions>? configure = null,
        Action<WebApplication>? map = null, ITlmspInspector? inspector = null)
    {
        HttpProfile agreed = HttpProfile.Parse(profile);
        TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Profiles = [agreed];
                tlmsp.Middleboxes.Policy = _ => null;
            },
            map);
        int port = TestMiddlebox.FreePort();
        TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, inspect: inspector is not null, inspector: inspector, building: box => box.AddAdminPage(page =>
            {
                page.Port = port;
                configure?.Invoke(page);
            }));
        HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = agreed;
            tlmsp.Middleboxes.Add(middlebox.Address, agreed.ParseGrant(grant));
        });
        client.DefaultRequestVersion = Version.Parse(version);
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return new AdminPath(server, middlebox, client, port);
    }

    public Task<JsonElement> GetAsync(string path) => Page.GetFromJsonAsync<JsonElement>(path);

    /// <summary>The messages of a direction.</summary>
    public async Task<JsonElement[]> MessagesAsync(string direction)
    {
        JsonElement all = await GetAsync("/api/messages");
        return [.. all.GetProperty("messages").EnumerateArray().Where(each => each.GetProperty("direction").GetString() == direction)];
    }

    /// <summary>All that the page knows of the first message of a direction.</summary>
    public async Task<JsonElement> FirstAsync(string direction) =>
        await GetAsync($"/api/messages/{(await MessagesAsync(direction))[0].GetProperty("number")}");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Page.Dispose();
        await Middlebox.DisposeAsync();
        await _server.DisposeAsync();
    }
}
