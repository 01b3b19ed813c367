using System.Net;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>HttpClient with TlmspHandler against the reference's server, and through its middleboxes against Kestrel.</summary>
public class HttpClientInteropTests
{
    private const string Page = "a page of the reference's server";

    public static TheoryData<string> ToReference => [.. Parties.Between(Maker.Ours, Maker.Reference)];

    public static TheoryData<string> Through =>
        [.. Parties.Between(Maker.Ours, Maker.Ours).Where(path => path.Contains("reference", StringComparison.Ordinal))];

    [ReferenceTheory]
    [MemberData(nameof(ToReference))]
    public Task HttpClient_gets_and_posts_to_their_server(string path) =>
        InteropTable.RecordAsync(InteropTable.Http, path, ["GET and POST"], () => GetAndPostAsync(path));

    [ReferenceTheory]
    [MemberData(nameof(Through))]
    public Task HttpClient_and_Kestrel_talk_through_their_middleboxes_with_any_grants(string path) =>
        InteropTable.RecordAsync(InteropTable.Http, path, ["GET and POST", "any grants"], () => TalkAsync(path));

    private static async Task GetAndPostAsync(string path)
    {
        var address = new Uri($"https://localhost:{TestMiddlebox.FreePort()}");
        await using HttpPath middleboxes = await HttpPath.StartAsync(address, Parties.Parse(path).Middleboxes, configure: Serve);
        using PeerProcess server = await Reference.ServerAsync(middleboxes.ConfigurationFile);
        using HttpClient client = middleboxes.Client();

        Assert.Equal(Page, await client.GetStringAsync("/page"));
        using HttpResponseMessage response = await client.PostAsync("/form", new StringContent("some content"));
        Assert.Equal((HttpStatusCode.OK, "got it"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(Page, await client.GetStringAsync("/page"));

        // Heads came in context 1 and content in context 2, all on one connection.
        List<LoggedContainer> received = ReferenceLog.Received(server.Output);
        Assert.Equal(["GET", "POST", "GET"], received.Where(container => container.Context == HttpContexts.Headers).Select(head => head.Text!.Split(' ')[0]));
        Assert.Equal(["some content"], received.Where(container => container.Context == HttpContexts.Body).Select(content => content.Text));
        Assert.DoesNotContain("connection 1", server.Output, StringComparison.Ordinal);
        Assert.All(middleboxes.Seen, seen => Assert.Equal(6, seen.Heads.Length));
    }

    private static async Task TalkAsync(string path)
    {
        await using TestServer server = await TestServer.StartAsync(tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.AllowReferenceMiddleboxes = true;
        });
        byte[] content = [.. Enumerable.Range(0, 50_000).Select(i => (byte)i)];
        foreach (string grant in (string[])["none", "1=r", "2=r", "1=r,2=rw", "1=rw,2=rw"])
        {
            await using HttpPath middleboxes = await HttpPath.StartAsync(server.Address, Parties.Parse(path).Middleboxes, Grant.Parse(grant));
            using HttpClient client = middleboxes.Client();

            Assert.Equal("hello", await client.GetStringAsync("/hello"));
            using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(content));
            Assert.Equal(content, await response.Content.ReadAsByteArrayAsync());
        }
    }

    /// <summary>A server that answers GET with a page and POST with a few words, on one connection as often as it is asked.</summary>
    private static string[] Serve(UclFile file)
    {
        const string Rest = "HTTP/1[.]1\\\\r\\\\n(?:[^\\\\r\\\\n]+\\\\r\\\\n)*\\\\r\\\\n";
        file.ServerFunctions.Add(file.Activity(
            "get", UclFile.Matches([HttpContexts.Headers], $"GET [^ ]+ {Rest}"), Response(Page)));
        file.ServerFunctions.Add(file.Activity(
            "post", UclFile.Matches([HttpContexts.Headers, HttpContexts.Body], $"POST [^ ]+ {Rest}some content"), Response("got it")));
        return [];
    }

    private static string Response(string content) =>
        UclFile.Send(HttpContexts.Headers, $"HTTP/1.1 200 OK\\r\\nContent-Length: {content.Length}\\r\\n\\r\\n") + "\n" + UclFile.Send(HttpContexts.Body, content);
}
