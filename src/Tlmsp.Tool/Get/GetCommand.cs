using System.CommandLine;
using Tlmsp.Http;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Get;

/// <summary><c>tlmsp get</c>: one HTTP request over TLMSP, as curl makes it over TLS.</summary>
internal static class GetCommand
{
    private const string Examples = """
        Examples:
          tlmsp get https://localhost:5001/orders --ca ca.pem
              GET, the content to standard output
          tlmsp get https://localhost:5001/orders --ca ca.pem --via localhost:7001=header:r -v
              through a middlebox that may read heads; -v shows the path and the contexts
          tlmsp get https://localhost:5001/orders --ca ca.pem --via localhost:7001=header:r --via localhost:7002=body:rw
              through two, nearest first: each with rights of its own, 'r' read, 'rw' write
          tlmsp get https://localhost:5001/orders --ca ca.pem -d '{"article":"sauce"}' -H 'Content-Type: application/json'
              POST; --data @FILE and --data @- take the content from a file or standard input
          tlmsp get https://localhost:5001/orders --ca ca.pem --profile four --via localhost:7003=resp-body:r
              with contexts per direction: the middlebox may read the content of responses alone
          tlmsp get https://localhost:5001/export --ca ca.pem -o export.bin --fail
              into a file; fails when the status is 400 or more

        The server must accept the middleboxes, each with exactly the rights that --via gives it.
        """;

    public static Command Create(ToolConsole console)
    {
        var trust = new TrustOptions();
        var url = new Argument<string>("url") { Description = "An https URL; it means TLMSP" };
        var method = new Option<string?>("--method", "-X", "--request")
        {
            Description = "Default: GET, or POST with --data",
            HelpName = "METHOD",
        };
        var header = new Option<string[]>("--header", "-H") { Description = "A field of the request; repeat", HelpName = "NAME: VALUE" };
        var data = new Option<string?>("--data", "-d")
        {
            Description = "Content of the request: text, @FILE, or @- for standard input",
            HelpName = "DATA",
        };
        var output = new Option<string?>("--output", "-o") { Description = "Write the content to a file", HelpName = "FILE" };
        var include = new Option<bool>("--include", "-i") { Description = "Write the response's head before its content" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Show path, grants, contexts and heads on the error output" };
        var fail = new Option<bool>("--fail", "-f") { Description = "Fail, without content, when the status is 400 or more" };
        var location = new Option<bool>("--location", "-L") { Description = "Follow redirects" };
        var via = new Option<string[]>("--via")
        {
            Description = "A middlebox on the path and its rights, nearest first; repeat",
            HelpName = "ADDRESS=GRANTS",
        };
        var profile = new Option<string?>("--profile")
        {
            Description = "The contexts: two, four, with +secret, +content(pii) or +tunnel. Default: two",
            HelpName = "PROFILE",
        };
        var audited = new Option<bool>("--audited") { Description = "Have every container carry a trail of everybody it passed" };
        var serverName = new Option<string?>("--server-name")
        {
            Description = "Name that the server's certificate must have, where it is not the URL's host",
            HelpName = "NAME",
        };
        var command = new TeachingCommand("get", "Make an HTTP request over TLMSP, as curl does over TLS.", Examples)
        {
            url, method, header, data, output, include, verbose, fail, location, via, profile, audited, serverName,
        };
        trust.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new GetRequest(console)
            {
                Url = ParseUrl(parsed.GetRequiredValue(url)),
                Method = parsed.GetValue(method),
                Headers = [.. (parsed.GetValue(header) ?? []).Select(ParseHeader)],
                Data = parsed.GetValue(data),
                Output = parsed.GetValue(output),
                Include = parsed.GetValue(include),
                Verbose = parsed.GetValue(verbose),
                Fail = parsed.GetValue(fail),
                Timeout = trust.Timeout(parsed),
            };
            HttpProfile contexts = GrantText.ParseProfile(parsed.GetValue(profile) ?? "two");
            TlmspMiddlebox[] path = [.. (parsed.GetValue(via) ?? []).Select(each => GrantText.ParseMiddlebox(each, contexts))];
            string? keyLog = trust.KeyLogFile(parsed, console);
            await request.SendAsync(
                tlmsp =>
                {
                    trust.AddRoots(parsed, tlmsp.Trust);
                    tlmsp.AllowReferenceMiddleboxes = trust.AllowReferenceMiddleboxes(parsed);
                    tlmsp.KeyLogFile = keyLog;
                    tlmsp.Profile = contexts;
                    tlmsp.Audited = parsed.GetValue(audited);
                    tlmsp.ServerName = parsed.GetValue(serverName);
                    foreach (TlmspMiddlebox middlebox in path)
                    {
                        tlmsp.Middleboxes.Add(middlebox.Address.Text, middlebox.Grant);
                    }
                },
                handler => handler.AllowAutoRedirect = parsed.GetValue(location),
                cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    private static Uri ParseUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme == Uri.UriSchemeHttps
        ? url
        : throw new UsageException($"'{text}' cannot be got: it must start with https://, as in https://localhost:5001/orders.");

    private static (string Name, string Value) ParseHeader(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !text.AsSpan().ContainsAny('\r', '\n')
            ? (text[..colon].Trim(), text[(colon + 1)..].Trim())
            : throw new UsageException($"'{text}' is no header field. Write NAME: VALUE, as in Accept: application/json.");
    }
}
