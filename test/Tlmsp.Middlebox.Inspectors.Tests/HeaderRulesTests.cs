using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>Rules on heads.</summary>
public class HeaderRulesTests
{
    private const string Changes = """
        { "Rules": [
            { "Action": "Remove", "Field": "X-Remove" },
            { "Action": "Set", "Field": "X-Set", "Value": "box" },
            { "Action": "Add", "Field": "X-Added", "Value": "1", "Method": "get", "Target": "^/seen" },
            { "Action": "Add", "Field": "X-Added", "Value": "2", "Target": "^/elsewhere" },
            { "Action": "Remove", "Field": "X-Internal", "Direction": "Response" } ] }
        """;

    private const string Denials = """
        { "OnDeny": "Respond",
          "Rules": [
            { "Action": "Allow", "Field": "X-Pass", "Matches": "^yes$" },
            { "Action": "Deny", "Field": "X-Attack" },
            { "Action": "Deny", "Field": "User-Agent", "Matches": "(?i)scanner/[0-9]" },
            { "Action": "Deny", "Method": "POST", "Target": "^/admin" } ] }
        """;

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("four+secret", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("five", "2.0")]
    public async Task Fields_are_added_set_and_removed(string profile, string version)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(
            profile, version, box => box.AddHeaderRules(InspectorPath.Section(Changes)));

        using HttpResponseMessage response = await path.SendAsync(
            HttpMethod.Get, "/seen", null, ("x-keep", "k"), ("x-remove", "r"), ("x-set", "client"));

        Assert.Equal("keep=k remove= set=box added=1", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("x-internal"));
    }

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("four+secret", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("five", "2.0")]
    public async Task What_is_denied_gets_403_and_what_was_allowed_before_passes(string profile, string version)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(
            profile, version, box => box.AddHeaderRules(InspectorPath.Section(Denials)));

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Get, "/hello", ("x-attack", "1")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, "/hello", ("x-attack", "1"), ("x-pass", "yes")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Get, "/hello", ("x-attack", "1"), ("x-pass", "yes!")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Get, "/hello", ("user-agent", "Scanner/7")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, "/hello", ("user-agent", "browser/7")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Post, "/admin"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Get, "/admin"));
        Assert.Equal(["/hello", "/hello", "/admin"], path.Reached);

        async Task<HttpStatusCode> StatusAsync(HttpMethod method, string target, params (string, string)[] fields)
        {
            using HttpResponseMessage response = await path.SendAsync(method, target, null, fields);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("1.1", "Close", "head=r")]
    [InlineData("2.0", "Close", "head=r")]
    public async Task Where_there_is_no_answer_what_is_denied_ends_its_connection(string version, string onDeny, string grant)
    {
        await using InspectorPath path = await InspectorPath.StartAsync("two", version, box => box.AddHeaderRules(rules =>
        {
            rules.Rules.Add(new HeaderRule { Action = HeaderRuleAction.Deny, Field = "X-Attack" });
            rules.OnDeny = Enum.Parse<DenyAction>(onDeny);
        }), grant);

        await path.AssertClosedAsync(
            () => path.SendAsync(HttpMethod.Get, "/hello", null, ("x-attack", "1")), "HeaderRulesInspector refuses it: Rules:0 denies it");

        Assert.Empty(path.Reached);
    }

    [Theory]
    [InlineData("two", "head=r", Changes, "needs the right to write the head of requests")]
    [InlineData("four", "req-head=rw,resp-head=r", Changes, "needs the right to write the head of responses")]
    [InlineData("two", "head=rw,body=r", Denials, "needs the right to write the content of requests")]
    [InlineData("four+secret", "req-head=r", """{ "Rules": [ { "Action": "Deny", "Field": "Cookie" } ] }""", "needs the right to read the secret of requests")]
    [InlineData(
        "four+secret(x-key)", "req-head=r", """{ "Rules": [ { "Action": "Deny", "Field": "X-Key" } ] }""",
        "A rule about a sensitive field needs the right to read the secret of requests")]
    public async Task A_connection_without_the_rights_that_the_rules_need_is_refused(
        string profile, string grant, string rules, string missing)
    {
        await using InspectorPath path = await InspectorPath.StartAsync(
            profile, "1.1", box => box.AddHeaderRules(InspectorPath.Section(rules)), grant);

        await path.AssertClosedAsync(() => path.SendAsync(HttpMethod.Get, "/hello"), missing);

        Assert.Empty(path.Reached);
    }

    [Theory]
    [InlineData("""{ }""", "there are no rules")]
    [InlineData("""{ "Rules": [ { "Field": "X-A" } ] }""", "Rules:0 has no Action. Set it to one of Allow, Deny, Add, Set, Remove.")]
    [InlineData("""{ "Rules": [ { "Action": "Remove" } ] }""", "Rules:0 has the Field ''. Set it to a field name")]
    [InlineData("""{ "Rules": [ { "Action": "Set", "Field": "X-A" } ] }""", "Rules:0 has no Value.")]
    [InlineData("""{ "Rules": [ { "Action": "Set", "Field": "X-A", "Value": "a\nb" } ] }""", "Rules:0 has a Value that no field can hold.")]
    [InlineData("""{ "Rules": [ { "Action": "Remove", "Field": "Content-Length" } ] }""", "Rules:0 changes Content-Length, which frames")]
    [InlineData("""{ "Rules": [ { "Action": "Deny", "Direction": "Response", "Method": "GET" } ] }""", "Rules:0 is for responses, which have neither")]
    [InlineData("""{ "Rules": [ { "Action": "Deny", "Field": "X-A", "Matches": "(a)\\1" } ] }""", "Rules:0 has a regular expression in Matches")]
    public async Task Rules_that_cannot_be_applied_are_found_at_start_up(string json, string problem)
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => InspectorPath.StartAsync("two", "1.1", box => box.AddHeaderRules(InspectorPath.Section(json))));

        Assert.Contains(problem, Assert.Single(e.Failures), StringComparison.Ordinal);
    }
}
