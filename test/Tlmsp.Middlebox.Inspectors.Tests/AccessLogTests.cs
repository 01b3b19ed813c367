using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>One line per exchange, with what may be known of it.</summary>
public class AccessLogTests
{
    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four+secret", "1.1")]
    [InlineData("two", "2.0")]
    public async Task An_exchange_has_one_line_without_query_and_fields(string profile, string version)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(profile, version, box => box.AddAccessLog());
        using HttpResponseMessage response = await path.SendAsync(
            HttpMethod.Post, "/whole?token=sesame", new ByteArrayContent(new byte[1234]), ("Authorization", "Bearer hunter2"));
        await path.SendAsync(HttpMethod.Get, "/hello");

        string line = await path.Middlebox.Logs.WaitForLineAsync(" /whole ");
        await path.Middlebox.Logs.WaitForLineAsync(" GET /hello 200, 0 bytes of request, 5 bytes of response, ");
        Assert.Matches(@"^Information: \S+ POST /whole 200, 1234 bytes of request, 1234 bytes of response, \d+ ms ?$", line);
        Assert.Equal(2, path.Middlebox.Logs.Lines.Count(each => each.Contains("bytes of request", StringComparison.Ordinal)));
        Assert.DoesNotContain("sesame", string.Concat(path.Middlebox.Logs.Lines), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", string.Concat(path.Middlebox.Logs.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queries_and_fields_are_logged_where_that_is_configured()
    {
        await using InspectorPath path = await InspectorPath.StartAsync("two", "1.1", box => box.AddAccessLog(InspectorPath.Section(
            """{ "IncludeQuery": true, "RequestFields": [ "User-Agent" ], "ResponseFields": [ "X-Internal" ] }""")));

        await path.SendAsync(HttpMethod.Get, "/seen?id=1", null, ("User-Agent", "test/1"));

        string line = await path.Middlebox.Logs.WaitForLineAsync("GET /seen?id=1 200");
        Assert.Contains(" request User-Agent=\"test/1\" response X-Internal=\"1\"", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("head=r", "POST /whole 200, 50 (sealed) bytes of request, 50 (sealed) bytes of response")]
    [InlineData("body=r", "sealed sealed -, 50 bytes of request, - bytes of response")]
    public async Task What_is_sealed_is_logged_as_sealed(string grant, string expected)
    {
        await using InspectorPath path = await InspectorPath.StartAsync("two", "1.1", box => box.AddAccessLog(), grant);

        using (await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[50])))
        {
            path.Client.Dispose();
        }

        await path.Middlebox.Logs.WaitForLineAsync(expected);
    }

    [Theory]
    [InlineData("two", "head=r", "POST /whole 200, 0 (sealed) bytes of request, 0 (sealed) bytes of response")]
    [InlineData("two", "body=r", "sealed sealed -, 50 bytes of request, - bytes of response")]
    [InlineData("five", "req-head=r,resp-head=r", "POST /whole 200, 0 (sealed) bytes of request, 0 (sealed) bytes of response")]
    [InlineData("four", "resp-head=r", "sealed sealed 200, - bytes of request, 0 (sealed) bytes of response")]
    [InlineData("five", "req-body=r,resp-body=r", "sealed sealed sealed, - bytes of request, 50 bytes of response")]
    [InlineData("five", "", "sealed: no message of it could be told from another, or none passed")]
    public async Task Over_HTTP2_what_is_sealed_is_logged_as_sealed(string profile, string grant, string expected)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(profile, "2.0", box => box.AddAccessLog(), grant);

        using (HttpResponseMessage response = await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[50])))
        {
            Assert.Equal(50, (await response.Content.ReadAsByteArrayAsync()).Length);
            path.Client.Dispose();
        }

        await path.Middlebox.Logs.WaitForLineAsync(expected);
        Assert.DoesNotContain(path.Middlebox.Logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.DoesNotContain(path.Middlebox.Logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_another_inspector_denies_is_logged_with_its_answer()
    {
        await using InspectorPath path = await InspectorPath.StartAsync("two", "1.1", box => box.AddAccessLog().AddLimits(limits =>
        {
            limits.MaxRequestContent = 0;
            limits.OnDeny = DenyAction.Respond;
        }));

        await path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[50]));

        string line = await path.Middlebox.Logs.WaitForLineAsync("POST /whole 413");
        Assert.Contains(", Respond by LimitsInspector: content of at least 50 bytes is more than 0 (MaxRequestContent)", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_whose_connection_is_closed_is_logged_too()
    {
        await using InspectorPath path = await InspectorPath.StartAsync(
            "two", "1.1", box => box.AddAccessLog().AddLimits(limits => limits.MaxRequestContent = 0));

        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Post, "/whole", new ByteArrayContent(new byte[50])), "POST /whole -, ");

        await path.Middlebox.Logs.WaitForLineAsync(", Close by LimitsInspector: content of at least 50 bytes");
    }

    [Fact]
    public async Task A_name_that_no_field_has_is_found_at_start_up()
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => InspectorPath.StartAsync("two", "1.1", box => box.AddAccessLog(log => log.RequestFields.Add("User Agent"))));

        Assert.Contains("'User Agent' is no field name.", Assert.Single(e.Failures), StringComparison.Ordinal);
    }
}
