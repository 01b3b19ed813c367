using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>
/// The reference's curl against Kestrel with UseTlmsp(), in the strict mapping and in the one made for it. curl exists in two builds: that
/// of ETSI puts content into its context only when it sends it together with the head, the one patched later never does.
/// </summary>
public class CurlInteropTests
{
    private const string Etsi = "curl-upstream";
    private const string Patched = "curl";

    /// <summary>One that is sent with the head, one for which curl waits for 100 (Continue) first, and chunks.</summary>
    private static readonly Dictionary<string, string[]> s_requests = new()
    {
        ["GET"] = [],
        ["POST"] = ["-d", Content(500)],
        ["POST with Expect"] = ["-d", Content(1500)],
        ["chunked POST"] = ["-H", "Transfer-Encoding: chunked", "-d", Content(500)],
    };

    public static TheoryData<string, string> Paths
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string curl in (string[])[Etsi, Patched])
            {
                foreach (string path in Parties.Between(Maker.Reference, Maker.Ours))
                {
                    data.Add(curl, path);
                }
            }

            return data;
        }
    }

    [CurlTheory]
    [MemberData(nameof(Paths))]
    public async Task All_requests_work_in_the_mapping_made_for_curl(string curl, string path)
    {
        await using TestServer server = await ServerAsync(HttpMappingMode.EtsiCurl);
        await using HttpPath middleboxes = await HttpPath.StartAsync(
            server.Address, Parties.Parse(path).Middleboxes, mapping: HttpMappingMode.EtsiCurl);
        foreach (string request in s_requests.Keys)
        {
            await InteropTable.RecordAsync(InteropTable.Curl, $"{curl}: {path}", [request], () => AnsweredAsync(curl, middleboxes, request));
        }

        Assert.All(middleboxes.Seen, AssertSawAll);
    }

    [CurlTheory]
    [MemberData(nameof(Paths))]
    public async Task Content_in_the_wrong_context_is_refused_in_the_strict_mapping(string curl, string path)
    {
        await using TestServer server = await ServerAsync(HttpMappingMode.Strict);
        await using HttpPath middleboxes = await HttpPath.StartAsync(server.Address, Parties.Parse(path).Middleboxes);
        foreach (string request in s_requests.Keys)
        {
            string row = $"{curl}: {path}";
            await (request == "GET" || (request == "POST" && curl == Etsi)
                ? InteropTable.RecordAsync(InteropTable.Curl, row, [$"strict: {request}"], () => AnsweredAsync(curl, middleboxes, request))
                : InteropTable.RecordAsync(InteropTable.Curl, row, [$"strict: {request}"], () => RefusedAsync(curl, middleboxes, request), "refused"));
        }
    }

    [CurlTheory]
    [InlineData(Etsi)]
    [InlineData(Patched)]
    public Task RSA_certificates_work_as_well(string curl) => InteropTable.RecordAsync(
        InteropTable.Curl, $"{curl}: reference > reference > ours > ours", ["strict: GET"], () => GetOverRsaAsync(curl));

    private static async Task GetOverRsaAsync(string curl)
    {
        await using TestServer server = await ServerAsync(HttpMappingMode.Strict, TestKey.Rsa2048);
        await using HttpPath middleboxes = await HttpPath.StartAsync(server.Address, [Maker.Reference, Maker.Ours], key: TestKey.Rsa2048);

        Assert.Equal((0, Expected("GET")), await RunAsync(curl, middleboxes, "GET"));
    }

    [CurlTheory]
    [InlineData(HttpMappingMode.Strict, 0)]
    [InlineData(HttpMappingMode.EtsiCurl, 35)]
    public async Task A_writer_of_heads_alone_is_refused_where_heads_may_hold_content(HttpMappingMode mapping, int exit)
    {
        await using TestServer server = await ServerAsync(mapping);
        await using HttpPath middleboxes = await HttpPath.StartAsync(server.Address, [Maker.Reference], Grant.Write(HttpContexts.Headers));

        (int code, string output) = await RunAsync(Etsi, middleboxes, "GET");

        Assert.Equal(exit, code);
        Assert.Equal(exit != 0, output.Contains("alert middlebox authorization failure", StringComparison.Ordinal));
    }

    [CurlTheory]
    [InlineData("reference > reference > ours")]
    [InlineData("reference > ours > reference > ours")]
    public Task What_their_middlebox_changes_in_content_is_what_curl_gets(string path) => InteropTable.RecordAsync(
        InteropTable.Curl, $"{Etsi}: {path}", ["strict: GET, content changed"], () => GetChangedAsync(path));

    private static async Task GetChangedAsync(string path)
    {
        await using TestServer server = await ServerAsync(HttpMappingMode.Strict);
        await using HttpPath middleboxes = await HttpPath.StartAsync(
            server.Address, Parties.Parse(path).Middleboxes, Grant.Read(HttpContexts.Headers) + Grant.Write(HttpContexts.Body),
            configure: file => [file.Activity("change", UclFile.Matches([HttpContexts.Body], "sized"), UclFile.Send(HttpContexts.Body, "SIZED"))]);

        Assert.Equal((0, "SIZED content"), await RunAsync(Etsi, middleboxes, "GET", "/sized"));
    }

    private static Task<TestServer> ServerAsync(HttpMappingMode mapping, TestKey key = TestKey.EcdsaP256) => TestServer.StartAsync(tlmsp =>
    {
        tlmsp.ServerCertificate = TestCertificates.Leaf("localhost", key);
        tlmsp.Middleboxes.Policy = _ => null;
        tlmsp.AllowReferenceMiddleboxes = true;
        tlmsp.Mapping = mapping;
    }, app => app.MapGet("/sized", context =>
    {
        context.Response.ContentLength = 13;
        return context.Response.WriteAsync("sized content");
    }));

    private static async Task AnsweredAsync(string curl, HttpPath path, string request) =>
        Assert.Equal((0, Expected(request)), await RunAsync(curl, path, request));

    private static async Task RefusedAsync(string curl, HttpPath path, string request)
    {
        (int exit, string output) = await RunAsync(curl, path, request);
        Assert.True(exit != 0 && output.Contains("alert illegal parameter", StringComparison.Ordinal), output);
    }

    private static async Task<(int Exit, string Output)> RunAsync(string curl, HttpPath path, string request, string? target = null)
    {
        string[] arguments = s_requests[request];
        using PeerProcess process = Reference.Curl(
            curl,
            ["--tlmsp", path.ConfigurationFile, "--cacert", Reference.RootFile, "-sS", "-m", "20", .. arguments,
                new Uri(path.Server, target ?? (arguments.Length == 0 ? "/hello" : "/echo")).OriginalString]);
        int exit = await process.WaitForExitAsync();
        return (exit, process.Output.TrimEnd());
    }

    private static string Expected(string request) => request == "GET" ? "hello" : s_requests[request][^1];

    private static void AssertSawAll(RecordingInspector seen)
    {
        Assert.Equal(["/hello", "/echo", "/echo", "/echo"], seen.Heads.Where(head => head.Direction == HttpDirection.Request).Select(head => head.Target));
    }

    private static string Content(int length) => string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));
}

/// <summary>A theory that needs both builds of the reference's curl; skipped, with the reason, where they are not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CurlTheoryAttribute : TheoryAttribute
{
    public CurlTheoryAttribute()
    {
        if (Reference.Folder is null)
        {
            Skip = Reference.WhyMissing;
        }
        else if (!Reference.Has("curl") || !Reference.Has("curl-upstream"))
        {
            Skip = "skipped: the reference's folder needs curl (with the later patch) and curl-upstream (as ETSI published it)";
        }
    }
}
