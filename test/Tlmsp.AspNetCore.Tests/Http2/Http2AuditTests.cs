using System.Net;
using Tlmsp.Http;

namespace Tlmsp.AspNetCore.Tests.Http2;

/// <summary>Over HTTP/2 a server's audit is of a stream.</summary>
public class Http2AuditTests
{
    private const string Untouched = nameof(TlmspAuditVerdict.Untouched);

    [Fact]
    public async Task Changed_content_is_that_of_one_stream()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, context, text) =>
            direction.ToServer && context == HttpContexts.Body && text.Contains("content of b", StringComparison.Ordinal)
                ? text.ToUpperInvariant()
                : null);
        using HttpClient client = path.Client();

        foreach (string name in (string[])["a", "b", "c"])
        {
            Assert.Equal($"answer {name}", await PostAsync(client, name));
        }

        await path.Server.Logs.WaitForLineAsync("/audit/c - 200");
        Assert.Equal(Untouched, path.Audits["a"]);
        Assert.Equal("Touched: relay changed 1 container of Content", path.Audits["b"]);
        Assert.Equal(Untouched, path.Audits["c"]);
    }

    [Fact]
    public async Task Without_an_audit_it_says_so()
    {
        await using AuditPath path = await AuditPath.StartAsync((direction, context, text) =>
            direction.ToServer && context == HttpContexts.Body ? text.ToUpperInvariant() : null);
        using HttpClient client = path.Client(audited: false);

        Assert.Equal("answer a", await PostAsync(client, "a"));

        await path.Server.Logs.WaitForLineAsync("/audit/a - 200");
        Assert.Equal(nameof(TlmspAuditVerdict.NotAudited), path.Audits["a"]);
    }

    private static async Task<string> PostAsync(HttpClient client, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/audit/{name}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent($"content of {name}"),
        };
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.Equal(HttpVersion.Version20, response.Version);
        return await response.Content.ReadAsStringAsync();
    }
}
