using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Listeners;

/// <summary>Options with two listeners, Public for localhost and Internal for 127.0.0.1, and clients that come through one.</summary>
internal sealed class TwoListeners
{
    public int PublicPort { get; } = TestMiddlebox.FreePort();

    public int InternalPort { get; } = TestMiddlebox.FreePort();

    public string Public => $"tlmsp://localhost:{PublicPort}";

    public string Internal => $"tlmsp://127.0.0.1:{InternalPort}";

    public X509Certificate2 PublicCertificate { get; } = TestCertificates.Leaf("localhost");

    public X509Certificate2 InternalCertificate { get; } = TestCertificates.Leaf("127.0.0.1");

    /// <summary>An API that says which connection a request came on.</summary>
    public static Task<TestServer> StartServerAsync(Action<WebApplication>? map = null) => TestServer.StartAsync(
        tlmsp => tlmsp.Middleboxes.Policy = _ => null,
        app =>
        {
            app.MapGet("/connection", (HttpContext context) => context.Connection.Id);
            map?.Invoke(app);
        });

    /// <summary>Takes the place of what a test host has for one listener.</summary>
    public void Configure(TlmspMiddleboxHostOptions options)
    {
        options.Address = null;
        options.ListenEndPoint = null;
        options.Certificate = null;
        options.Listeners["Public"] = new TlmspMiddleboxListenerOptions
        {
            Address = Public,
            ListenEndPoint = new IPEndPoint(IPAddress.Loopback, PublicPort),
            Certificate = PublicCertificate,
        };
        options.Listeners["Internal"] = new TlmspMiddleboxListenerOptions
        {
            Address = Internal,
            ListenEndPoint = new IPEndPoint(IPAddress.Loopback, InternalPort),
            Certificate = InternalCertificate,
        };
    }

    /// <summary>The same in the file of a host, with the certificate of the file for both.</summary>
    public void Configure(JsonObject json)
    {
        json.Remove("Address");
        json.Remove("ListenEndPoint");
        json["Listeners"] = new JsonObject { ["Public"] = Section(Public, PublicPort), ["Internal"] = Section(Internal, InternalPort) };
    }

    /// <summary>A host with both in its file.</summary>
    public Task<ConfiguredMiddlebox> StartAsync(
        TestServer server, Action<JsonObject>? edit = null, Action<ITlmspMiddleboxBuilder>? building = null)
    {
        Action<JsonObject> configure = Configure;
        return ConfiguredMiddlebox.StartAsync(server.Address, configure + edit, building, "localhost,127.0.0.1");
    }

    public static JsonObject Section(string address, int port) => new() { ["Address"] = address, ["ListenEndPoint"] = $"127.0.0.1:{port}" };

    /// <summary>A client that lists a middlebox, reads heads there, and keeps its connection.</summary>
    public static HttpClient Client(TestServer server, string address, List<string?>? shown = null) => server.Client(tlmsp =>
    {
        tlmsp.Middleboxes.Add(address, HttpContexts.ParseGrant("1=r"));
        tlmsp.SessionEstablished = session => shown?.Add(Assert.Single(session.Middleboxes).Certificate?.Thumbprint);
    });

    public static async Task AssertServesAsync(TestServer server, string address)
    {
        using HttpClient client = Client(server, address);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    public static async Task AssertRefusesAsync(TestServer server, string address)
    {
        using HttpClient client = Client(server, address);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));
    }

    /// <summary>Nobody listens there: it could be bound.</summary>
    public static void AssertIsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
    }
}
