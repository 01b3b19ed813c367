using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>Server-sent events: each arrives when it is sent, and a client that goes away is noticed.</summary>
public class ServerSentEventsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("two", null)]
    [InlineData("two", "head=r,body=r")]
    [InlineData("two", "head=rw,body=rw")]
    [InlineData("four", "resp-head=r,resp-body=r")]
    [InlineData("four", "none")]
    public async Task Each_event_arrives_before_the_next_is_made_and_the_server_sees_the_client_go(string profile, string? grant)
    {
        var events = Channel.CreateUnbounded<string>();
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapGet("/events", (HttpContext context) =>
            {
                context.RequestAborted.Register(aborted.SetResult);
                return TypedResults.ServerSentEvents(ReadAsync(events.Reader, context.RequestAborted));
            }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, options => options.DrainTimeout = TimeSpan.FromMilliseconds(50));
        using var client = new HttpClient(new Client.TlmspHandler(
            tlmsp =>
            {
                tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root);
                tlmsp.Profile = HttpProfile.Parse(profile);
                if (grant is not null)
                {
                    tlmsp.Middleboxes.Add(middlebox.Address, grant == "none" ? Grant.None : HttpContexts.ParseGrant(grant));
                }
            },
            handler => handler.ResponseDrainTimeout = TimeSpan.Zero)) { BaseAddress = server.Address };
        events.Writer.TryWrite("first");
        HttpResponseMessage response = await client.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());

        foreach (string next in (string[])["first", "second", "third"])
        {
            if (next != "first")
            {
                events.Writer.TryWrite(next);
            }

            Assert.Equal($"data: {next}", await reader.ReadLineAsync().WaitAsync(s_patience));
            Assert.Equal("", await reader.ReadLineAsync().WaitAsync(s_patience));
        }

        Assert.False(aborted.Task.IsCompleted);
        response.Dispose();
        await aborted.Task.WaitAsync(s_patience);
        server.Logs.AssertQuiet();
    }

    private static async IAsyncEnumerable<string> ReadAsync(
        ChannelReader<string> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (string next in events.ReadAllAsync(cancellationToken))
        {
            yield return next;
        }
    }
}
