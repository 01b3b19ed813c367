using System.Net;
using System.Text;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Inspectors that answer in the server's place, drop messages or close connections.</summary>
public class RespondTests
{
    private static readonly InspectionResponse s_forbidden = new(403)
    {
        Fields = [new HttpField("Content-Type", "text/plain"), new HttpField("X-Waf", "rule 7")],
        Content = "not here"u8.ToArray(),
    };

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("four+secret", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("four", "2.0")]
    [InlineData("five", "2.0")]
    public async Task A_request_is_answered_by_the_box_and_the_connection_goes_on(string profile, string version)
    {
        await using ChangePath path = await ChangePath.StartAsync(profile, version, Blocking());

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));
            using HttpResponseMessage blocked = await path.Client.GetAsync("/blocked");
            Assert.Equal(HttpStatusCode.Forbidden, blocked.StatusCode);
            Assert.Equal("rule 7", blocked.Headers.GetValues("X-Waf").Single());
            Assert.Equal("not here", await blocked.Content.ReadAsStringAsync());

            using HttpResponseMessage posted = await path.Client.PostAsync("/blocked", new ByteArrayContent(new byte[300_000]));
            Assert.Equal(HttpStatusCode.Forbidden, posted.StatusCode);

            using var head = new HttpRequestMessage(HttpMethod.Head, "/blocked");
            using HttpResponseMessage headed = await path.SendAsync(head);
            Assert.Equal((HttpStatusCode.Forbidden, 8L), (headed.StatusCode, headed.Content.Headers.ContentLength));
        }

        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));
        Assert.DoesNotContain("/blocked", path.Reached);
        Assert.Equal(1, path.Sessions);
    }

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("four", "2.0")]
    [InlineData("five", "2.0")]
    public async Task A_request_is_answered_after_its_content_has_been_seen(string profile, string version)
    {
        await using ChangePath path = await ChangePath.StartAsync(profile, version, new DelegateInspector
        {
            Head = message => message.Direction == HttpDirection.Request ? InspectionVerdict.Hold : default,
            Content = (message, content) => message.Direction == HttpDirection.Request ? InspectionVerdict.Hold : default,
            End = (message, held) => held.Memory.Span.IndexOf("evil"u8) >= 0
                ? InspectionVerdict.Respond(s_forbidden, "evil content")
                : default,
        });

        using HttpResponseMessage good = await path.Client.PostAsync("/whole", new StringContent(new string('g', 50_000)));
        using HttpResponseMessage bad = await path.Client.PostAsync("/whole", new StringContent(new string('g', 50_000) + "evil"));
        using HttpResponseMessage again = await path.Client.PostAsync("/whole", new StringContent("good"));

        Assert.Equal(new string('g', 50_000), await good.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Forbidden, bad.StatusCode);
        Assert.Equal("good", await again.Content.ReadAsStringAsync());
        Assert.Equal(2, path.Reached.Count);
        Assert.Equal(1, path.Sessions);
    }

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("four", "2.0")]
    [InlineData("five", "2.0")]
    public async Task A_response_is_replaced(string profile, string version)
    {
        await using ChangePath path = await ChangePath.StartAsync(profile, version, new DelegateInspector
        {
            Head = message => message is { Direction: HttpDirection.Response, Request.Head.Target: "/pieces" }
                ? InspectionVerdict.Respond(s_forbidden, "leak")
                : default,
        });

        using HttpResponseMessage replaced = await path.Client.GetAsync("/pieces");
        string after = await path.Client.GetStringAsync("/hello");

        Assert.Equal((HttpStatusCode.Forbidden, "not here"), (replaced.StatusCode, await replaced.Content.ReadAsStringAsync()));
        Assert.Equal("hello", after);
        Assert.Equal(1, path.Sessions);
    }

    [Theory]
    [InlineData("two", "1.1", "1=rw,2=r", "write the content of responses")]
    [InlineData("two", "1.1", "1=r,2=rw", "write the head of responses")]
    [InlineData("four", "1.1", "3=rw,4=rw,5=r,6=rw", "write the head of responses")]
    [InlineData("four", "1.1", "3=r,4=rw,5=rw,6=rw", "write the head of requests")]
    [InlineData("four+secret", "1.1", "3=rw,4=rw,5=rw,6=rw", "write the secret of requests")]
    [InlineData("two", "2.0", "1=rw,2=r", "write the content of responses")]
    [InlineData("two", "2.0", "1=rw", "read the content of requests")]
    [InlineData("four", "2.0", "3=rw,4=r,5=rw", "read the content of responses")]
    [InlineData("five", "2.0", "3=rw,4=rw,5=rw,6=rw,7=r", "write the control of requests")]
    public async Task An_answer_without_the_right_to_it_ends_the_connection(string profile, string version, string grant, string missing)
    {
        await using ChangePath path = await ChangePath.StartAsync(profile, version, Blocking(), Grant.Parse(grant));

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetAsync("/blocked"));

        await path.Middlebox.Logs.WaitForLineAsync($"needs the right to {missing}, which was not granted");
        Assert.Empty(path.Reached);
    }

    [Fact]
    public async Task A_dropped_request_reaches_nobody_and_ends_its_connection_without_an_alert()
    {
        await using ChangePath path = await ChangePath.StartAsync("two", "1.1", new DelegateInspector
        {
            Head = message => message.Head!.Target == "/blocked" ? InspectionVerdict.Drop("unwanted") : default,
        });
        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetAsync("/blocked"));

        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));
        Assert.Equal(["/hello", "/hello"], path.Reached);
        Assert.Equal(3, path.Sessions);     // HttpClient tries again where a connection that had been used ends without an answer
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_box_that_may_only_read_can_close_with_an_alert(string version)
    {
        await using ChangePath path = await ChangePath.StartAsync("two", version, new DelegateInspector
        {
            Head = message => message.Head!.Target == "/blocked" ? InspectionVerdict.Close("rule 7") : default,
        }, Grant.Parse("1=r"));

        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetAsync("/blocked"));

        TlmspException alert = Assert.IsType<TlmspException>(Chain(refused).First(each => each is TlmspException));
        Assert.Equal((TlmspAlert.AccessDenied, true), (alert.Alert, alert.FromPeer));
        await path.Middlebox.Logs.WaitForLineAsync("DelegateInspector refuses it: rule 7");
        Assert.Empty(path.Reached);
    }

    [Theory]
    [InlineData("/pieces", "bytes in the place of")]
    [InlineData("/blocked", "bytes in the place of 0 are more than 262144 more (MaxHeldBytes)")]
    public async Task An_inspector_that_floods_is_contained(string target, string reason)
    {
        byte[] flood = new byte[10_000_000];
        await using ChangePath path = await ChangePath.StartAsync("two", "1.1", new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)],
            Head = message => message.Head!.Target == "/blocked"
                ? InspectionVerdict.Respond(s_forbidden with { Content = flood }, "flood")
                : default,
            Content = (message, content) =>
            {
                content.Replace(message.Request!.Head!.Target == "/pieces" ? flood : content.Memory);
                return default;
            },
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetStringAsync(target));

        await path.Middlebox.Logs.WaitForLineAsync(reason);
        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));
    }

    [Fact]
    public async Task What_is_held_back_is_bounded()
    {
        await using ChangePath path = await ChangePath.StartAsync("two", "1.1", new DelegateInspector
        {
            Head = _ => InspectionVerdict.Hold,
            Content = (_, _) => InspectionVerdict.Hold,
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.PostAsync("/whole", new ByteArrayContent(new byte[1_000_000])));

        await path.Middlebox.Logs.WaitForLineAsync("more than 262144 (MaxHeldBytes)");
        Assert.Empty(path.Reached);
    }

    [Fact]
    public async Task Answers_of_the_box_take_their_turn_among_those_of_the_server()
    {
        await using ChangePath path = await ChangePath.StartAsync("two", "1.1", Blocking());
        string[] targets = [.. Enumerable.Range(0, 40).Select(i => i % 3 == 1 ? "/blocked" : "/hello")];

        TlmspMiddlebox box = path.Middlebox.With(Grant.Write(HttpContexts.Headers, HttpContexts.Body));
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(path.Server.Address, [box]);
        await client.SendAsync(
            HttpContexts.Headers,
            Encoding.ASCII.GetBytes(string.Concat(targets.Select(target => $"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))));
        string answers = "";
        while (answers.Split("HTTP/1.1 ").Length <= targets.Length)
        {
            (byte context, byte[] data) = (await client.ReceiveAsync())!.Value;
            answers += context == HttpContexts.Headers ? Encoding.ASCII.GetString(data) : "";
        }

        string[] seen = [.. answers.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries).Select(answer => answer[..3])];
        Assert.Equal(targets.Select(target => target == "/blocked" ? "403" : "200"), seen);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_client_that_asks_and_never_reads_is_cut_off_before_answers_fill_the_memory(string version)
    {
        int seen = 0;
        await using ChangePath path = await ChangePath.StartAsync("two", version, new DelegateInspector
        {
            Head = _ =>
            {
                Interlocked.Increment(ref seen);
                return InspectionVerdict.Respond(s_forbidden with { Content = new byte[10_000] }, "rule 7");
            },
        });
        TlmspMiddlebox box = path.Middlebox.With(Grant.Write(HttpContexts.Headers, HttpContexts.Body));
        TlmspClientOptions options = TlmspPeer.ClientOptions(path.Server.Address, [box]);
        bool isHttp2 = version == "2.0";
        options.Contexts = isHttp2 ? [.. HttpProfile.Two.For(HttpWireVersion.Http2).CreateContexts()] : options.Contexts;
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(options);
        await client.SendAsync(HttpContexts.Headers, isHttp2 ? [.. Http2Frame.Preface, 0, 0, 0, 4, 0, 0, 0, 0, 0] : Array.Empty<byte>());

        // Few at a time, as many at once without an answer are refused for that.
        Task<string> refused = path.Middlebox.Logs.WaitForLineAsync("bytes of answers of this middlebox wait for a client that does not take them");
        for (int sent = 1; sent < 20_000 && !refused.IsCompleted; sent++)
        {
            byte[] request = isHttp2
                ? Http2HeadWriter.Write(new HttpHead(HttpDirection.Request, "GET / HTTP/2", [new HttpField("host", "x")]) { StreamId = (sent * 2) - 1 }, true)
                : [.. "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8];
            await Record.ExceptionAsync(() => client.SendAsync(HttpContexts.Headers, request));
            while (sent - Volatile.Read(ref seen) > 50 && !refused.IsCompleted)
            {
                await Task.Delay(1);
            }
        }

        await refused;
    }

    private static DelegateInspector Blocking() => new()
    {
        Head = message => message.Head!.Target == "/blocked" ? InspectionVerdict.Respond(s_forbidden, "rule 7") : default,
    };

    private static IEnumerable<Exception> Chain(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }
}
