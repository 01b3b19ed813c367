using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A middlebox that may write heads can break a message that names a content context; it cannot have its content taken for another.</summary>
public class ContentContextAttackTests
{
    private static readonly HttpProfile s_profile = HttpProfile.Two.WithContent("pii", "ads");

    [Theory]
    [InlineData(true, "Tlmsp-Content: pii", "Tlmsp-Content: ads", "content in context 16, and its head says 19")]
    [InlineData(true, "Tlmsp-Content: pii", "Other-Content: pii", "content in context 16, and its head says 2")]
    [InlineData(
        true, "Tlmsp-Content: pii", "Tlmsp-Content: pxx", "the field Tlmsp-Content names a content context that the profile does not have")]
    [InlineData(true, "Host:", "Tlmsp-Content: pii\r\nHost:", "two Tlmsp-Content fields")]
    [InlineData(false, "Tlmsp-Content: pii", "Tlmsp-Content: ads", "comes in the content context 'ads', and its request named 'pii'")]
    [InlineData(false, "Tlmsp-Content: pii", "Other-Content: pii", "comes in the content context body, and its request named 'pii'")]
    public async Task A_field_that_was_changed_ends_the_connection_and_nothing_is_reinterpreted(
        bool inRequest, string from, string to, string fault)
    {
        await using TestServer server = await StartAsync();
        await using TlmspRelay relay = Relay(out string address, direction => direction.ToServer == inRequest, from, to);
        using HttpClient client = Client(server, address);

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.PostAsync("/customers", new StringContent("personal")));

        if (inRequest)
        {
            await server.Logs.WaitForLineAsync(fault);
        }
        else
        {
            Assert.Contains(fault, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_path_that_was_changed_to_that_of_an_endpoint_in_another_context_is_found_out_by_both()
    {
        await using TestServer server = await StartAsync();
        await using TlmspRelay relay = Relay(out string address, direction => direction.ToServer, "/customers", "/publicity");
        using HttpClient client = Client(server, address);

        using HttpResponseMessage response = await client.PostAsync("/customers", new StringContent("personal"));

        Assert.Equal(421, (int)response.StatusCode);
        await server.Logs.WaitForLineAsync("names no content context, and its content is in 'pii'");
    }

    [Fact]
    public async Task A_writer_of_one_content_context_cannot_bring_in_content_for_another()
    {
        await using TestServer server = await StartAsync();
        int port = TestMiddlebox.FreePort();
        await using TlmspRelay relay = TlmspRelay.Start(Options(port), direction => direction.ToServer ? new Mover(direction) : null);
        using HttpClient client = Client(server, $"localhost:{port}", s_profile.ParseGrant("content:ads=rw"));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.PostAsync("/customers", new StringContent("personal")));

        await server.Logs.WaitForLineAsync("content in context 19, and its head says 16");
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(
        tlmsp =>
        {
            tlmsp.Profiles = [s_profile];
            tlmsp.Middleboxes.Policy = _ => null;
        },
        app =>
        {
            app.MapPost("/customers", (Stream body) => Results.Stream(body)).WithTlmspContext("pii");
            app.MapPost("/publicity", (Stream body) => Results.Stream(body));
        },
        building: builder => builder.Services.AddTlmspContexts());

    private static HttpClient Client(TestServer server, string address, Grant? grant = null) => server.Client(tlmsp =>
    {
        tlmsp.Profile = s_profile;
        tlmsp.Content.Map("/customers", "pii");
        tlmsp.Middleboxes.Add(address, grant ?? Grant.Write(HttpContexts.Headers));
    });

    private static TlmspRelay Relay(out string address, Func<RelayDirection, bool> where, string from, string to)
    {
        int port = TestMiddlebox.FreePort();
        address = $"localhost:{port}";
        return TlmspRelay.Start(Options(port), direction => where(direction) ? new HeadWriter(from, to) : null);
    }

    private static TlmspMiddleboxOptions Options(int port) => new()
    {
        Addresses = [TlmspAddress.Parse($"tlmsp://localhost:{port}")],
        Certificate = TestCertificates.Get("localhost"),
        Trust = TestCertificates.Trust(),
    };

    private sealed class HeadWriter(string from, string to) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (container.IsAlert || container.ContextId != HttpContexts.Headers)
            {
                return RelayAction.Forward;
            }

            replacement.Write(Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(container.Plaintext).Replace(from, to)));
            return RelayAction.Modify;
        }
    }

    /// <summary>Puts content of its own before what the client sends.</summary>
    private sealed class Mover(RelayDirection direction) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (!container.IsAlert && container.ContextId == s_profile.ContentIds("pii")[0])
            {
                direction.Relay.Insert(s_profile.ContentIds("ads")[0], "personal"u8, direction.Output);
            }

            return RelayAction.Forward;
        }
    }
}
