using System.Net;
using System.Text;
using System.Text.Json;

namespace Tlmsp.Middlebox.Tests.Admin;

/// <summary>What the live page is told of messages.</summary>
public class AdminMessagesTests
{
    [Fact]
    public async Task A_box_with_heads_is_told_fields_and_how_much_is_sealed()
    {
        await using AdminPath path = await AdminPath.StartAsync(
            "req-head=r,resp-head=r", configure: page => page.SensitiveFields.Add("x-api-key"));
        await PostAsync(path, "12345");

        JsonElement request = await path.FirstAsync("request");

        JsonElement message = request.GetProperty("message");
        Assert.Equal("POST /echo HTTP/1.1", message.GetProperty("startLine").GetString());
        Assert.False(message.GetProperty("headSealed").GetBoolean());
        Assert.Equal(("sealed", 5), (Text(message, "content"), message.GetProperty("contentBytes").GetInt32()));
        Assert.Equal("seen", ValueOf(request, "X-Open"));
        Assert.Null(ValueOf(request, "Authorization"));
        Assert.Null(ValueOf(request, "Cookie"));
        Assert.Null(request.GetProperty("body").GetProperty("text").GetString());
        Assert.DoesNotContain("confidential", request.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("HTTP/1.1 200 OK", Text((await path.FirstAsync("response")).GetProperty("message"), "startLine"));
    }

    [Theory]
    [InlineData("1.1", "four")]
    [InlineData("2.0", "five")]
    public async Task A_box_with_content_is_told_content_and_that_heads_are_sealed(string version, string profile)
    {
        await using AdminPath path = await AdminPath.StartAsync(
            "req-body=r,resp-body=r", profile, version, page => page.ShowContent = true);
        await PostAsync(path, "12345");

        JsonElement request = await path.FirstAsync("request");

        JsonElement message = request.GetProperty("message");
        Assert.True(message.GetProperty("headSealed").GetBoolean());
        Assert.Equal(JsonValueKind.Null, message.GetProperty("startLine").ValueKind);
        Assert.Equal(version == "1.1", message.GetProperty("headBytes").GetInt64() > 0);      // over HTTP/2 they do not tell their stream
        Assert.Empty(request.GetProperty("fields").EnumerateArray());
        JsonElement body = request.GetProperty("body");
        Assert.Equal(("shown", "text", "12345"), (Text(message, "content"), Text(body, "form"), Text(body, "text")));
    }

    [Fact]
    public async Task Over_HTTP_2_messages_of_streams_that_take_turns_are_kept_apart()
    {
        await using AdminPath path = await AdminPath.StartAsync(
            "req-head=r,resp-head=r,req-body=r,resp-body=r,control=r", "five", "2.0", page => page.ShowContent = true);

        await Task.WhenAll(Enumerable.Range(100, 20).Select(i => PostAsync(path, $"content {i}", $"/echo?{i}")));

        foreach (JsonElement each in await path.MessagesAsync("request"))
        {
            JsonElement detail = await path.GetAsync($"/api/messages/{each.GetProperty("number")}");
            string number = Text(each, "startLine")!.Split('?', ' ')[2];
            Assert.Equal($"content {number}", Text(detail.GetProperty("body"), "text"));
            Assert.Equal("forward", Text(each, "verdict"));
        }
    }

    [Fact]
    public async Task Fields_that_travel_apart_are_sealed_or_masked()
    {
        await using AdminPath sealedPath = await AdminPath.StartAsync("req-head=r,resp-head=r", "four+secret(x-api-key)");
        await PostAsync(sealedPath, "1");
        JsonElement withoutSecrets = await sealedPath.FirstAsync("request");
        await using AdminPath maskedPath = await AdminPath.StartAsync("req-head=r,resp-head=r,secret=r", "four+secret(x-api-key)");
        await PostAsync(maskedPath, "1");
        JsonElement withSecrets = await maskedPath.FirstAsync("request");
        await using AdminPath loosePath = await AdminPath.StartAsync("secret=r", "four+secret(x-api-key)");
        await PostAsync(loosePath, "1");
        JsonElement withoutHead = await loosePath.FirstAsync("request");

        Assert.True(withoutSecrets.GetProperty("sealedSecrets").GetInt64() > 20);
        Assert.DoesNotContain(withoutSecrets.GetProperty("fields").EnumerateArray(), field => Text(field, "name") == "X-Api-Key");
        foreach (JsonElement each in (JsonElement[])[withSecrets, withoutHead])
        {
            JsonElement key = each.GetProperty("fields").EnumerateArray().Single(field => Text(field, "name") == "X-Api-Key");
            Assert.Equal((null, 15), (Text(key, "value"), key.GetProperty("length").GetInt32()));
            Assert.DoesNotContain("confidential", each.GetRawText(), StringComparison.Ordinal);
        }

        Assert.True(withoutHead.GetProperty("message").GetProperty("headSealed").GetBoolean());
    }

    [Theory]
    [InlineData(false, 10_000, "notKept", null, 0)]
    [InlineData(true, 10_000, "shown", "text", 4096)]
    [InlineData(true, 0, "none", null, 0)]
    public async Task Content_is_kept_where_that_is_wanted_and_its_beginning_alone(
        bool show, int length, string state, string? form, int kept)
    {
        await using AdminPath path = await AdminPath.StartAsync(
            "req-head=r,resp-head=r,req-body=r,resp-body=r", configure: page => page.ShowContent = show);
        await PostAsync(path, new string('é', length / 2));

        JsonElement request = await path.FirstAsync("request");

        JsonElement message = request.GetProperty("message");
        JsonElement body = request.GetProperty("body");
        Assert.Equal((state, length), (Text(message, "content"), message.GetProperty("contentBytes").GetInt32()));
        Assert.Equal((form, kept), (Text(body, "form"), body.GetProperty("bytes").GetInt32()));
        Assert.Equal(kept / 2, Text(body, "text")?.Length ?? 0);
    }

    [Theory]
    [InlineData("00ff41")]
    [InlineData("410a1b5b")]        // an escape sequence
    public async Task Content_that_is_no_text_is_told_in_hexadecimal(string hex)
    {
        await using AdminPath path = await AdminPath.StartAsync(
            "req-head=r,resp-head=r,req-body=r,resp-body=r", configure: page => page.ShowContent = true);
        using HttpResponseMessage response = await path.Client.PostAsync("/echo", new ByteArrayContent(Convert.FromHexString(hex)));
        await response.Content.ReadAsByteArrayAsync();

        JsonElement body = (await path.FirstAsync("request")).GetProperty("body");

        Assert.Equal(("hex", hex), (Text(body, "form"), Text(body, "text")));
    }

    [Fact]
    public async Task The_last_500_messages_are_kept()
    {
        await using AdminPath path = await AdminPath.StartAsync("req-head=r,resp-head=r,req-body=r,resp-body=r");
        for (int i = 0; i < 260; i++)
        {
            await path.Client.GetStringAsync("/hello");
        }

        JsonElement[] kept = [.. (await path.GetAsync("/api/messages?after=0")).GetProperty("messages").EnumerateArray()];

        Assert.Equal(500, kept.Length);
        Assert.Equal(Enumerable.Range(21, 500), kept.Select(each => each.GetProperty("number").GetInt32()));
        using HttpResponseMessage gone = await path.Page.GetAsync("/api/messages/20");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Asking_after_a_change_brings_what_came_later()
    {
        await using AdminPath path = await AdminPath.StartAsync("req-head=r,resp-head=r,req-body=r,resp-body=r");
        await path.Client.GetStringAsync("/hello?1");
        long last = (await path.GetAsync("/api/messages")).GetProperty("last").GetInt64();
        Assert.Empty((await path.GetAsync($"/api/messages?after={last}")).GetProperty("messages").EnumerateArray());

        await path.Client.GetStringAsync("/hello?2");

        JsonElement[] later = [.. (await path.GetAsync($"/api/messages?after={last}")).GetProperty("messages").EnumerateArray()];
        Assert.Equal(["GET /hello?2 HTTP/1.1", "HTTP/1.1 200 OK"], later.Select(each => Text(each, "startLine")));
    }

    [Fact]
    public async Task A_verdict_is_told_with_who_gave_it_and_the_path_with_why_it_ended()
    {
        var closing = new DelegateInspector
        {
            Head = message => message.Head!.Target == "/hello?bad" ? InspectionVerdict.Close("rule 7") : default,
        };
        await using AdminPath path = await AdminPath.StartAsync("req-head=r,resp-head=r,req-body=r,resp-body=r", inspector: closing);
        await path.Client.GetStringAsync("/hello");
        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetStringAsync("/hello?bad"));
        await path.Middlebox.Logs.WaitForLineAsync("is closed on both sides");

        JsonElement overview = await WaitAsync(
            path, "/api/paths", each => each.GetProperty("paths").EnumerateArray().Any(one => Text(one, "fault") is not null));

        JsonElement closed = overview.GetProperty("paths").EnumerateArray().Last(each => Text(each, "closedAt") is not null);
        Assert.InRange(overview.GetProperty("totals").GetProperty("withheld").GetInt64(), 1, 10);     // HttpClient may try again
        Assert.Contains("rule 7", Text(closed, "fault"), StringComparison.Ordinal);
        JsonElement bad = (await path.MessagesAsync("request")).First(each => Text(each, "startLine") == "GET /hello?bad HTTP/1.1");
        Assert.Equal(("close", nameof(DelegateInspector)), (Text(bad, "verdict"), Text(bad, "inspector")));
        Assert.False(bad.GetProperty("complete").GetBoolean());
        JsonElement detail = await path.GetAsync($"/api/messages/{bad.GetProperty("number")}");
        Assert.Equal("rule 7", Text(detail, "reason"));
    }

    [Fact]
    public async Task Throughput_counts_each_context_by_its_name_whether_it_can_be_read_or_not()
    {
        await using AdminPath path = await AdminPath.StartAsync("req-head=r,resp-head=r");
        await PostAsync(path, new string('x', 7000));

        JsonElement series = await path.GetAsync("/api/throughput");

        Assert.Equal(["req-body", "req-head", "resp-body", "resp-head"], series.EnumerateObject().Select(each => each.Name));
        Assert.Equal(7000, series.GetProperty("req-body").EnumerateArray().Sum(each => each.GetInt64()));
        Assert.Equal(7000, series.GetProperty("resp-body").EnumerateArray().Sum(each => each.GetInt64()));
        Assert.Equal(120, series.GetProperty("req-head").GetArrayLength());
    }

    /// <summary>What a party records at the end of a connection comes in its own time.</summary>
    private static async Task<JsonElement> WaitAsync(AdminPath path, string address, Func<JsonElement, bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            JsonElement seen = await path.GetAsync(address);
            if (condition(seen))
            {
                return seen;
            }

            await Task.Delay(20, timeout.Token);
        }
    }

    private static async Task PostAsync(AdminPath path, string content, string target = "/echo")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, target)
        {
            Version = path.Client.DefaultRequestVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(content)),
        };
        request.Headers.Add("Authorization", "Basic confidential");
        request.Headers.Add("Cookie", "session=confidential");
        request.Headers.Add("X-Api-Key", "confidential-42");
        request.Headers.Add("X-Open", "seen");
        using HttpResponseMessage response = await path.Client.SendAsync(request);
        Assert.Equal(content, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync()));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static string? ValueOf(JsonElement detail, string field) =>
        Text(detail.GetProperty("fields").EnumerateArray().Single(each => Text(each, "name") == field), "value");
}
