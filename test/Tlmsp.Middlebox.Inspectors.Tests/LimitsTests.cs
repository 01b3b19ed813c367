using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>Sizes and rates: what is within them passes, what is beyond does not.</summary>
public class LimitsTests
{
    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("four+secret", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("five", "2.0")]
    public async Task A_request_that_announces_too_much_is_answered_with_413_and_the_connection_goes_on(string profile, string version)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(profile, version, box => box.AddLimits(InspectorPath.Section(
            """{ "MaxRequestContent": 1000, "OnDeny": "Respond" }""")));

        using HttpResponseMessage fits = await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[1000]));
        using HttpResponseMessage tooLong = await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[1001]));
        using HttpResponseMessage after = await path.SendAsync(HttpMethod.Get, "/hello");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.OK), (fits.StatusCode, tooLong.StatusCode, after.StatusCode));
        Assert.Equal(["/whole", "/hello"], path.Reached);
    }

    [Theory]
    [InlineData("1.1", "two", "1=r,2=r")]
    [InlineData("1.1", "four", "3=r,4=r")]
    [InlineData("2.0", "two", "1=r,2=r")]
    [InlineData("2.0", "four", "3=r,4=r,5=r,6=r")]
    public async Task Content_that_becomes_too_long_ends_its_connection(string version, string profile, string grant)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(
            profile, version, box => box.AddLimits(limits => limits.MaxRequestContent = 100_000), grant);
        using HttpResponseMessage fits = await path.SendAsync(HttpMethod.Post, "/whole", Chunked(100_000));
        Assert.Equal(100_000, (await fits.Content.ReadAsByteArrayAsync()).Length);

        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Post, "/whole", Chunked(300_000)), "is more than 100000 (MaxRequestContent)");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_response_that_is_too_long_is_replaced(string version)
    {
        await using InspectorPath path = await InspectorPath.StartAsync("four", version, box => box.AddLimits(limits =>
        {
            limits.MaxResponseContent = 10;
            limits.OnDeny = DenyAction.Respond;
        }));

        using HttpResponseMessage fits = await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[10]));
        using HttpResponseMessage tooLong = await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[11]));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadGateway), (fits.StatusCode, tooLong.StatusCode));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task More_requests_than_a_connection_may_send_get_429(string version)
    {
        await using InspectorPath path = await InspectorPath.StartAsync("two", version, box => box.AddLimits(InspectorPath.Section(
            """{ "RequestsPerSecond": 1, "Burst": 3, "OnDeny": "Respond" }""")));

        HttpStatusCode status = HttpStatusCode.OK;
        int passed = -1;
        for (; status == HttpStatusCode.OK && passed < 100; passed++)
        {
            using HttpResponseMessage response = await path.SendAsync(HttpMethod.Get, "/hello");
            status = response.StatusCode;
            Assert.Equal(status == HttpStatusCode.OK ? null : "1", response.Headers.RetryAfter?.ToString());
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.InRange(passed, 3, 99);
        Assert.Equal(passed, path.Reached.Count);
    }

    [Theory]
    [InlineData("""{ }""", "nothing is limited. Set MaxRequestContent, MaxResponseContent or RequestsPerSecond")]
    [InlineData("""{ "MaxRequestContent": -1 }""", "MaxRequestContent is -1. Set it to 0 or more")]
    [InlineData("""{ "RequestsPerSecond": 0 }""", "RequestsPerSecond is 0. Set it to 1 or more")]
    [InlineData("""{ "MaxRequestContent": 1, "Burst": 5 }""", "Burst is set, and RequestsPerSecond is not.")]
    public async Task Limits_that_make_no_sense_are_found_at_start_up(string json, string problem)
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => InspectorPath.StartAsync("two", "1.1", box => box.AddLimits(InspectorPath.Section(json))));

        Assert.Contains($"It: {problem}", Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "MaxRequest": 1 }""", "MaxRequest")]
    [InlineData("""{ "MaxRequestContent": "much" }""", "MaxRequestContent")]
    [InlineData("""{ "RequestsPerSecond": 1, "OnDeny": "Laugh" }""", "OnDeny")]
    public async Task Settings_that_are_unknown_or_cannot_be_used_are_found_at_start_up(string json, string key)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => InspectorPath.StartAsync("two", "1.1", box => box.AddLimits(InspectorPath.Section(json))));

        Assert.Contains("'It' cannot be used", e.Message, StringComparison.Ordinal);
        Assert.Contains(key, e.Message, StringComparison.Ordinal);
    }

    private static StreamContent Chunked(int length) => new(new UnknownLength(new byte[length]));

    /// <summary>HttpClient sends it in chunks, or in frames without Content-Length.</summary>
    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
