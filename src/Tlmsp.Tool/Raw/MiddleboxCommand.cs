using System.CommandLine;
using System.Net;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary><c>tlmsp middlebox</c>: a middlebox that shows what passes, as far as it was granted.</summary>
internal static class MiddleboxCommand
{
    private const string Examples = """
        Examples:
          tlmsp middlebox --listen 7001 --cert certs/middlebox.pem --ca certs/ca.pem --next localhost:4433
              clients list it as localhost:7001; connections go on to localhost:4433 and nowhere else
          tlmsp middlebox --listen 0.0.0.0:7001 --address waf.example:7001 --cert waf.pem --ca ca.pem --next orders.example:5001
              the address is compared byte for byte with what clients list
          tlmsp middlebox --listen 7001 --cert certs/middlebox.pem --ca certs/ca.pem --next localhost:4433 --replace '2=secret=******'
              changes what it may write; what it may only read, or not even that, passes as it is

        In the listing '=>' goes to the server and '<=' to the client; '(sealed)' is what it may not read.
        """;

    public static Command Create(ToolConsole console)
    {
        var listening = new Listening();
        var trust = new TrustOptions();
        var address = new Option<string?>("--address")
        {
            Description = "The address that clients list it under. Default: localhost and the port of --listen",
            HelpName = "ADDRESS",
        };
        var cert = new Option<string>("--cert")
        {
            Description = "PEM file with the middlebox's certificate, its issuers, and its key",
            Required = true,
            HelpName = "FILE",
        };
        var key = new Option<string?>("--key") { Description = "PEM file with the key, where it is not in --cert", HelpName = "FILE" };
        var next = new Option<string[]>("--next")
        {
            Description = "A server or middlebox that it may connect to; repeat",
            Required = true,
            HelpName = "ADDRESS",
        };
        Option<string[]> replace = RelayRules.CreateReplaceOption();
        Option<string[]> delete = RelayRules.CreateDeleteOption();
        var command = new TeachingCommand("middlebox", "Stand on the path of TLMSP sessions and show every container.", Examples)
        {
            address, cert, key, next, replace, delete,
        };
        listening.AddTo(command);
        trust.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            IPEndPoint endPoint = listening.EndPoint(parsed);
            RelayRules rules = RelayRules.Parse(parsed.GetValue(replace), parsed.GetValue(delete));
            HashSet<(string, int)> allowed = [.. (parsed.GetValue(next) ?? []).Select(text => HostOf(GrantText.ParseAddress(text)))];
            using TlmspCertificate certificate = TrustOptions.LoadCertificate(parsed.GetRequiredValue(cert), parsed.GetValue(key));
            var options = new TlmspMiddleboxOptions
            {
                Addresses = [GrantText.ParseAddress(parsed.GetValue(address) ?? $"localhost:{endPoint.Port}")],
                Certificate = certificate,
            };
            trust.Apply(parsed, options, console);
            var middlebox = new RawMiddlebox(options, console, trust.Timeout(parsed), rules, hop => allowed.Contains(HostOf(hop)));
            return await listening.RunAsync(parsed, $"middlebox {options.Addresses[0]}", console, middlebox.RunAsync, cancellationToken)
                .ConfigureAwait(false);
        });
        return command;
    }

    private static (string Host, int Port) HostOf(TlmspAddress address) =>
        address.TryGetEndPoint(out string? host, out int port) ? (host.ToUpperInvariant(), port) : ("", 0);
}
