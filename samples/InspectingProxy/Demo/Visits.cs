using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Tlmsp.Http;

namespace InspectingProxy.Demo;

/// <summary>What came back for a request.</summary>
/// <param name="Status">The status; null where no response came.</param>
/// <param name="Content">As much content as came.</param>
/// <param name="Error">Why it failed; null where it did not.</param>
internal sealed record Answer(HttpStatusCode? Status, string Content, string? Error)
{
    public override string ToString() =>
        Error is null ? $"{(int)Status!}" : $"{(Status is { } status ? $"{(int)status}, then " : "")}failed: {Error}";
}

/// <summary>What a client does, what should come of it, and what the boxes should know of it afterwards.</summary>
internal sealed class Visits(Parties parties)
{
    private const string Body = "body-of-a-request";
    private const string TokenStart = "eyJ";      // a JSON object in base64

    public int Failures { get; private set; }

    public async Task RunAsync(HttpClient client)
    {
        string valid = parties.Tokens.Issue("alice", DateTime.UtcNow.AddMinutes(5));
        string expired = parties.Tokens.Issue("alice", DateTime.UtcNow.AddMinutes(-5));
        using var stranger = new TokenIssuer();
        string forged = stranger.Issue("mallory", DateTime.UtcNow.AddMinutes(5));

        Console.WriteLine("What the client got");
        Answer answer = await SendAsync(client, "GET", "/customers/1", valid);
        Check("a request with a valid token passes", answer is { Status: HttpStatusCode.OK, Error: null } && Has(answer.Content, "Ada"));
        answer = await SendAsync(client, "POST", "/customers", valid, $$"""{"id":7,"name":"{{Body}}"}""");
        Check("and so is one with content", answer is { Status: HttpStatusCode.Created, Error: null } && Has(answer.Content, Body));

        answer = await SendAsync(client, "GET", "/admin/users", valid);
        Check("the WAF stops a path that is not allowed", answer is { Status: null, Error: not null } && !Reached("/admin/users"));
        answer = await SendAsync(client, "GET", "/%61dmin/users", valid);
        Check("in disguise too", answer is { Status: null, Error: not null } && !Reached("/admin/users"));

        answer = await SendAsync(client, "GET", "/customers/export", valid);
        Check("the scanner stops a leak", answer.Error is not null && Reached("/customers/export") && !Has(answer.Content, Api.Leak));

        answer = await SendAsync(client, "GET", "/customers/2", forged);
        Check("the gateway stops a forged token", answer is { Status: null, Error: not null } && !Reached("/customers/2"));
        answer = await SendAsync(client, "GET", "/customers/3", expired);
        Check("and an expired one", answer is { Status: null, Error: not null } && !Reached("/customers/3"));
        answer = await SendAsync(client, "GET", "/customers/4", null);
        Check("a request without any token is the API's to refuse", answer is { Status: HttpStatusCode.Unauthorized, Error: null });

        answer = await SendAsync(client, "GET", "/customers/5", valid);
        Check("after all that the next request is answered", answer is { Status: HttpStatusCode.OK, Error: null });
    }

    /// <summary>Holds what the boxes saw to what they were granted.</summary>
    public void CheckTestimonies()
    {
        (HttpDirection request, HttpDirection response) = (HttpDirection.Request, HttpDirection.Response);
        Console.WriteLine("What the boxes saw");
        parties.Gateway.Print();
        Check("the gateway saw tokens and nothing else", parties.Gateway.SawOnly((request, HttpRole.Secret))
            && Has(parties.Gateway.Text, "Bearer") && !Has(parties.Gateway.Text, "customers/") && !Has(parties.Gateway.Text, Body));
        Check("it says why it stopped what it stopped", parties.Gateway.HasDecided("the signature of the token")
            && parties.Gateway.HasDecided("the token has expired"));
        parties.Waf.Print();
        Check("the WAF saw paths, no token and no content",
            parties.Waf.SawOnly((request, HttpRole.Head), (response, HttpRole.Head))
            && Has(parties.Waf.Text, "GET /admin/users") && !Has(parties.Waf.Text, "Bearer") && !Has(parties.Waf.Text, Body)
            && !Has(parties.Waf.Text, "Ada"));
        Check("it says why it stopped what it stopped", parties.Waf.HasDecided("Rules:1 denies it"));
        parties.Dlp.Print();
        Check("the scanner saw content of responses, no path and no token", parties.Dlp.SawOnly((response, HttpRole.Content))
            && Has(parties.Dlp.Text, Api.Leak) && !Has(parties.Dlp.Text, "HTTP/1.1") && !Has(parties.Dlp.Text, "Bearer"));
        Check("it says why it stopped what it stopped", parties.Dlp.HasDecided("'marking' was found"));
    }

    /// <summary>Holds the audits of boxes in processes of their own to what they were granted, and looks how they ended.</summary>
    public void CheckAudits()
    {
        Console.WriteLine("What the boxes wrote into their audits");
        foreach ((BoxFile file, _, _) in parties.Boxes)
        {
            string[] lines = File.ReadAllLines(file.AuditFile);
            string all = string.Join('\n', lines);
            int stopped = lines.Count(line => Has(line, "\"verdict\":\"Close\""));
            Console.WriteLine($"  {file.Name}: {lines.Length} lines, of which {stopped} about what it stopped");
            Check("it says what it stopped", stopped > 0);
            Check("it holds no token and no content", !Has(all, TokenStart) && !Has(all, Body) && !Has(all, Api.Leak));
            Check("paths are known to the WAF alone", Has(all, "/admin/users") == (file.Name == "waf"));
        }

        Check("all of them ended in order", parties.ExitCodes is { Count: 3 } codes && codes.All(code => code == 0));
    }

    private void Check(string expectation, bool holds)
    {
        Console.WriteLine($"    [{(holds ? "ok" : "FAILED")}] {expectation}");
        Failures += holds ? 0 : 1;
    }

    private async Task<Answer> SendAsync(HttpClient client, string method, string path, string? token, string? json = null)
    {
        // As it is written: Uri would decode what is disguised.
        var target = new Uri($"{client.BaseAddress!.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions
        {
            DangerousDisablePathAndQueryCanonicalization = true,
        });
        using var request = new HttpRequestMessage(new HttpMethod(method), target);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        var content = new MemoryStream();
        HttpStatusCode? status = null;
        string? error = null;
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            status = response.StatusCode;
            await response.Content.CopyToAsync(content);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            error = e.GetBaseException().Message;
        }

        var answer = new Answer(status, Encoding.UTF8.GetString(content.ToArray()), error);
        Console.WriteLine($"  {method} {path}: {answer}");
        return answer;
    }

    private bool Reached(string path) => parties.Requests.Any(request => request.EndsWith(path, StringComparison.Ordinal));

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.Ordinal);
}
