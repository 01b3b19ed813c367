using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.AspNetCore;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Tool.Tests;

/// <summary>Requests to real Kestrel with UseTlmsp(), alone and through the middlebox host.</summary>
public sealed class GetTests : ToolTest
{
    private string TestCa
    {
        get
        {
            File.WriteAllText(PathOf("test-ca.pem"), TestCertificates.Root.ExportCertificatePem());
            return PathOf("test-ca.pem");
        }
    }

    [Fact]
    public async Task The_content_alone_goes_to_the_output()
    {
        await using TestServer server = await TestServer.StartAsync();

        ToolRun run = await ToolRun.OfAsync(["get", $"{server.Address}hello", "--ca", TestCa]);

        Assert.Equal((0, "hello", ""), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public async Task A_middlebox_that_may_read_heads_sees_those_and_verbose_shows_who_is_on_the_path()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);

        ToolRun run = await ToolRun.OfAsync(
            ["get", $"{server.Address}hello", "--ca", TestCa, "--via", $"{middlebox.Address}=header:r", "-v",
             "-H", "X-Request: from the tool"]);

        Assert.Equal((0, "hello"), (run.ExitCode, run.Out));
        Assert.Equal(["GET /hello HTTP/1.1", "HTTP/1.1 200 OK"], middlebox.Seen.Heads.Select(head => head.StartLine));
        Assert.Equal("from the tool", middlebox.Seen.Heads[0]["X-Request"]);
        Assert.Empty(middlebox.Seen.Content);
        Assert.Contains($"{middlebox.Address} (1=r) -> server localhost", run.Error, StringComparison.Ordinal);
        Assert.Contains("* head in context 1\n> GET /hello HTTP/1.1\n", run.Error.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(
            "* head in context 1, content in context 2\n< HTTP/1.1 200 OK\n", run.Error.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_profile_four_a_scanner_of_responses_sees_no_request()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);

        ToolRun run = await ToolRun.OfAsync(
            ["get", $"{server.Address}echo", "--ca", TestCa, "--profile", "four", "--via", $"{middlebox.Address}=resp-body:r", "-d", "content"]);

        Assert.Equal((0, "content"), (run.ExitCode, run.Out));
        Assert.Equal("content", Encoding.ASCII.GetString(middlebox.Seen.ContentOf(HttpDirection.Response)));
        Assert.Empty(middlebox.Seen.ContentOf(HttpDirection.Request));
        Assert.Empty(middlebox.Seen.Heads);
    }

    [Fact]
    public async Task A_profile_that_there_is_not_is_named()
    {
        ToolRun run = await ToolRun.OfAsync(["get", "https://localhost:1/", "--ca", TestCa, "--profile", "seven"]);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("'seven' is no profile", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_middleboxes_get_what_each_was_granted()
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null);
        await using TestMiddlebox second = await TestMiddlebox.StartAsync(server.Address);
        await using TestMiddlebox first = await TestMiddlebox.StartAsync(new Uri(second.Address));

        ToolRun run = await ToolRun.OfAsync(
            ["get", $"{server.Address}echo", "--ca", TestCa, "--via", $"{first.Address}=header:r", "--via", $"{second.Address}=body:r",
             "-d", "some content"]);

        Assert.Equal((0, "some content"), (run.ExitCode, run.Out));
        Assert.Empty(first.Seen.Content);
        Assert.Empty(second.Seen.Heads);
        Assert.Equal("some contentsome content", Encoding.UTF8.GetString(second.Seen.Content));
    }

    [Fact]
    public async Task Files_go_out_and_come_in_whole()
    {
        await using TestServer server = await TestServer.StartAsync();
        byte[] data = RandomNumberGenerator.GetBytes(2_000_000);
        File.WriteAllBytes(PathOf("in"), data);

        ToolRun run = await ToolRun.OfAsync(
            ["get", $"{server.Address}echo", "--ca", TestCa, "-d", $"@{PathOf("in")}", "-o", PathOf("out")]);

        Assert.Equal((0, ""), (run.ExitCode, run.Out));
        Assert.Equal(data, File.ReadAllBytes(PathOf("out")));
    }

    [Fact]
    public async Task Method_fields_and_the_head_of_the_answer_are_as_with_curl()
    {
        await using TestServer server = await TestServer.StartAsync(
            map: app => app.MapMethods("/say", ["PUT"], async (HttpContext context) =>
        {
            context.Response.Headers["X-Answer"] = "yes";
            using var reader = new StreamReader(context.Request.Body);
            return $"{context.Request.Method} {context.Request.ContentType} {await reader.ReadToEndAsync()}";
        }));

        ToolRun run = await ToolRun.OfAsync(
            ["get", $"{server.Address}say", "--ca", TestCa, "-X", "PUT", "-d", "{}", "-H", "Content-Type: application/json", "-i"]);

        Assert.Equal(0, run.ExitCode);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("X-Answer: yes\r\n", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nPUT application/json {}", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_of_400_or_more_fails_only_when_it_is_to_fail()
    {
        await using TestServer server = await TestServer.StartAsync(
            map: app => app.MapGet("/gone", () => Results.Text("no longer", statusCode: 410)));

        ToolRun lenient = await ToolRun.OfAsync(["get", $"{server.Address}gone", "--ca", TestCa]);
        ToolRun strict = await ToolRun.OfAsync(["get", $"{server.Address}gone", "--ca", TestCa, "--fail"]);

        Assert.Equal((0, "no longer"), (lenient.ExitCode, lenient.Out));
        Assert.Equal((1, ""), (strict.ExitCode, strict.Out));
        Assert.Contains("the server answered 410 Gone", strict.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_are_followed_when_asked()
    {
        await using TestServer server = await TestServer.StartAsync(map: app => app.MapGet("/old", () => Results.Redirect("/hello")));

        Assert.Equal("", (await ToolRun.OfAsync(["get", $"{server.Address}old", "--ca", TestCa])).Out);
        Assert.Equal("hello", (await ToolRun.OfAsync(["get", $"{server.Address}old", "--ca", TestCa, "-L"])).Out);
    }

    [Fact]
    public async Task A_middlebox_that_the_server_refuses_is_exit_status_1_with_the_alert()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);

        ToolRun run = await ToolRun.OfAsync(["get", $"{server.Address}hello", "--ca", TestCa, "--via", $"{middlebox.Address}=header:r"]);

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains(
            "AlertReceived: The peer sent the fatal alert MiddleboxAuthorizationFailure (171)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_CA_is_exit_status_1_and_names_fault_and_alert()
    {
        await using TestServer server = await TestServer.StartAsync();

        ToolRun run = await ToolRun.OfAsync(["get", $"{server.Address}hello"]);

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("UntrustedCertificate", run.Error, StringComparison.Ordinal);
        Assert.Contains("(alert 48, UnknownCa)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_exit_status_3()
    {
        ToolRun run = await ToolRun.OfAsync(["get", $"https://localhost:{TestMiddlebox.FreePort()}/", "--ca", TestCa]);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("no connection:", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("it must start with https://", "http://localhost:1/")]
    [InlineData("it must start with https://", "localhost")]
    [InlineData("'header:x' is no grant", "https://localhost:1/", "--via", "localhost:2=header:x")]
    [InlineData("'trailer:r' is no grant", "https://localhost:1/", "--via", "localhost:2=trailer:r")]
    [InlineData("'nonsense' is no header field", "https://localhost:1/", "-H", "nonsense")]
    [InlineData("'Content-Type' cannot be a field of this request, which has no content", "https://localhost:1/",
        "-H", "Content-Type: text/plain")]
    [InlineData("'G E T' is no method", "https://localhost:1/", "-X", "G E T")]
    [InlineData("cannot be read", "https://localhost:1/", "-d", "@missing-file")]
    public async Task What_makes_no_sense_is_exit_status_2(string message, params string[] args)
    {
        ToolRun run = await ToolRun.OfAsync(["get", .. args]);

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_keys_are_logged_when_asked_after_a_warning()
    {
        await using TestServer server = await TestServer.StartAsync();

        ToolRun run = await ToolRun.OfAsync(["get", $"{server.Address}hello", "--ca", TestCa, "--key-log", PathOf("keys.log")]);

        Assert.Equal((0, "hello"), (run.ExitCode, run.Out));
        Assert.Contains($"warning: the keys of every connection are written to {PathOf("keys.log")}", run.Error, StringComparison.Ordinal);
        Assert.Contains("TLMSP_CLIENT_READER_ENC ", File.ReadAllText(PathOf("keys.log")), StringComparison.Ordinal);
    }
}
