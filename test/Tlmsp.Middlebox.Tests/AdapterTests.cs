using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Shorter ways to write an inspector.</summary>
public class AdapterTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_function_inspects_heads(string version)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, inspect: false, services: services => new Builder(services).AddInspector((message, _) =>
                new(message.Head?.Target == "/info" ? InspectionVerdict.Close("no info") : default)));
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Read(HttpContexts.Headers)));
        client.DefaultRequestVersion = Version.Parse(version);

        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/info"));
        await middlebox.Logs.WaitForLineAsync("no info");
    }

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("two", "2.0")]
    public async Task Whole_messages_are_shown_in_the_terms_of_the_framework_and_nothing_goes_on_before(string profile, string version)
    {
        ChangePath? started = null;
        var inspector = new Whole { Reached = () => started!.Reached.Count };
        await using ChangePath path = started = await ChangePath.StartAsync(profile, version, inspector);

        using HttpResponseMessage response = await path.Client.PostAsync("/whole?a=b%20c", new StringContent("some content", Encoding.UTF8, "text/x"));

        Assert.Equal("some content", await response.Content.ReadAsStringAsync());
        Assert.Equal(
            [
                $"request POST /whole ?a=b%20c localhost text/x; charset=utf-8 some content reached=0",
                $"response 200 POST /whole some content reached=1",
            ],
            inspector.Seen.Select(line => line.Replace($":{path.Server.Address.Port}", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_whole_message_can_be_answered_and_changed()
    {
        await using ChangePath path = await ChangePath.StartAsync("four", "1.1", new Whole
        {
            Verdict = message =>
            {
                if (message.IsRequest && message.Content.Span.IndexOf("attack"u8) >= 0)
                {
                    return InspectionVerdict.Respond(new InspectionResponse(400) { Content = "no"u8.ToArray() }, "attack");
                }

                if (message.IsRequest)
                {
                    message.ReplaceContent(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(message.Content.Span).ToUpperInvariant()));
                }

                return default;
            },
        });

        using HttpResponseMessage refused = await path.Client.PostAsync("/whole", new StringContent("an attack"));
        using HttpResponseMessage changed = await path.Client.PostAsync("/whole", new StringContent("quiet"));

        Assert.Equal((HttpStatusCode.BadRequest, "no"), (refused.StatusCode, await refused.Content.ReadAsStringAsync()));
        Assert.Equal("QUIET", await changed.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Bytes_of_contexts_that_are_not_http_are_shown_replaced_and_refused()
    {
        var inspector = new Bytes();
        await using PeerPath path = await PeerPath.StartAsync(
            grant: Grant.Parse("1=rw,2=r,77=rw"), services: services => services.AddScoped<ITlmspByteInspector>(_ => inspector));
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync(new TlmspContext(77, "my protocol"), new TlmspContext(78, "sealed"));
        await using TlmspPeer ownedClient = client;
        await using TlmspPeer ownedServer = server;

        await client.SendAsync(77, "ping");
        Assert.Equal((77, "PING, longer"), Text(await server.ReceiveAsync()));
        await client.SendAsync(78, "not seen");
        Assert.Equal((78, "not seen"), Text(await server.ReceiveAsync()));
        await server.SendAsync(2, "read");
        Assert.Equal((2, "read"), Text(await client.ReceiveAsync()));
        Assert.Equal(["Request 77 ping", "Request 78 8 bytes", "Response 2 read"], inspector.Seen);

        await client.SendAsync(77, "evil");
        Assert.Equal(TlmspAlert.AccessDenied, (await server.ReceiveEndAsync())!.Alert);
        await path.Middlebox.Logs.WaitForLineAsync("Bytes refuses it: evil");
    }

    [Fact]
    public async Task Without_an_inspector_of_bytes_such_a_connection_is_refused_by_those_of_http()
    {
        await using PeerPath path = await PeerPath.StartAsync(inspect: true);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync(new TlmspContext(77, "my protocol"));
        await using TlmspPeer ownedClient = client;
        await using TlmspPeer ownedServer = server;

        Assert.NotNull(await client.ReceiveEndAsync());
        Assert.NotNull(await server.ReceiveEndAsync());
    }

    private static (int, string) Text((byte Context, byte[] Data)? received) => (received!.Value.Context, Encoding.ASCII.GetString(received.Value.Data));

    private sealed record Builder(IServiceCollection Services) : ITlmspMiddleboxBuilder;

    private sealed class Whole : BufferedInspector
    {
        public ConcurrentQueue<string> Seen { get; } = [];

        /// <summary>How many requests the application has been given.</summary>
        public Func<int> Reached { get; init; } = () => 0;

        public Func<WholeMessage, InspectionVerdict> Verdict { get; init; } = _ => default;

        protected override ValueTask<InspectionVerdict> OnMessageAsync(WholeMessage message, CancellationToken cancellationToken)
        {
            string content = Encoding.UTF8.GetString(message.Content.Span);
            int reached = Reached();
            Seen.Enqueue(message.IsRequest
                ? $"request {message.Method} {message.Path} {message.QueryString} {message.Host} {message.Headers.ContentType} {content} reached={reached}"
                : $"response {message.StatusCode} {message.Method} {message.Path} {content} reached={reached}");
            return new(Verdict(message));
        }
    }

    private sealed class Bytes : ITlmspByteInspector
    {
        public ConcurrentQueue<string> Seen { get; } = [];

        public ValueTask<InspectionVerdict> OnBytesAsync(
            byte contextId, HttpDirection direction, InspectedContent bytes, CancellationToken cancellationToken)
        {
            string text = Encoding.ASCII.GetString(bytes.Memory.Span);
            Seen.Enqueue($"{direction} {contextId} {text}");
            if (text == "evil")
            {
                return new(InspectionVerdict.Close("evil"));
            }

            if (bytes.CanWrite)
            {
                bytes.Replace(Encoding.ASCII.GetBytes(text.ToUpperInvariant() + ", longer"));
            }

            return default;
        }

        public ValueTask OnOpaqueAsync(byte contextId, HttpDirection direction, int length, CancellationToken cancellationToken)
        {
            Seen.Enqueue($"{direction} {contextId} {length} bytes");
            return ValueTask.CompletedTask;
        }
    }
}
