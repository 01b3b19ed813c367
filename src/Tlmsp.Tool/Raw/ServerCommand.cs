using System.CommandLine;
using System.Net.Sockets;
using Tlmsp.Client;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary><c>tlmsp server</c>: accepts sessions and shows their containers.</summary>
internal static class ServerCommand
{
    private const string Examples = """
        Examples:
          tlmsp server --listen 4433 --cert certs/server.pem --ca certs/ca.pem --echo
              shows every container and sends it back in its context
          tlmsp server --listen 4433 --cert certs/server.pem --ca certs/ca.pem --allow localhost:7001=1=r,2=rw
              accepts that middlebox with exactly these rights; without --allow none is accepted
          tlmsp server --listen 4433 --cert certs/server.pem --do 'expect 1 hello' --do 'send 2 world' --connections 1
              one connection, scripted; the exit status says whether it went as expected
          tlmsp server --config server.json
              with { "listen": "4433", "cert": "certs/server.pem", "allow": ["localhost:7001=1=r"], "echo": true }

        Commands of --do and --script:

        """ + RawCommand.Grammar;

    public static Command Create(ToolConsole console)
    {
        var listening = new Listening();
        var trust = new TrustOptions();
        var script = new RawScript();
        var cert = new Option<string>("--cert")
        {
            Description = "PEM file with the server's certificate, its issuers, and its key",
            Required = true,
            HelpName = "FILE",
        };
        var key = new Option<string?>("--key") { Description = "PEM file with the key, where it is not in --cert", HelpName = "FILE" };
        var allow = new Option<string[]>("--allow")
        {
            Description = "A middlebox that clients may put on the path, and its exact rights; repeat",
            HelpName = "ADDRESS=GRANTS",
        };
        var allowAny = new Option<bool>("--allow-any") { Description = "Accept every list of middleboxes, and show it" };
        var echo = new Option<bool>("--echo") { Description = "Send everything back in the context that it came in" };
        Option<string[]> save = RawSettings.CreateSaveOption();
        var command = new TeachingCommand("server", "Accept TLMSP sessions on raw contexts and show what arrives.", Examples)
        {
            cert, key, allow, allowAny, echo, save,
        };
        listening.AddTo(command);
        script.AddTo(command);
        trust.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            TlmspMiddlebox[] allowed = [.. (parsed.GetValue(allow) ?? []).Select(GrantText.ParseMiddlebox)];
            IReadOnlyList<RawCommand>? commands = script.Read(parsed);
            using TlmspCertificate certificate = TrustOptions.LoadCertificate(parsed.GetRequiredValue(cert), parsed.GetValue(key));
            var options = new TlmspServerOptions
            {
                Certificates = [certificate],
                MiddleboxPolicy = parsed.GetValue(allowAny) ? _ => null : offer => Refusal(offer, allowed),
            };
            trust.Apply(parsed, options, console);
            using var settings = new RawSettings { Timeout = trust.Timeout(parsed), Echo = parsed.GetValue(echo) };
            settings.OpenFiles(parsed.GetValue(save));
            return await listening.RunAsync(
                parsed, "server", console, (socket, token) => ServeAsync(socket, options, console, settings, commands, token),
                cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task ServeAsync(
        Socket socket, TlmspServerOptions options, ToolConsole console, RawSettings settings, IReadOnlyList<RawCommand>? commands,
        CancellationToken cancellationToken)
    {
        await using var transport = new SocketTransport(socket);
        using var handshake = new TlmspServerHandshake(options);
        using TlmspSession session = await RawSession.EstablishAsync(handshake, transport, settings.Timeout, console, cancellationToken)
            .ConfigureAwait(false);
        var endpoint = new RawEndpoint(session, transport, console, settings);
        await endpoint.RunAsync(commands, interactive: false, cancellationToken).ConfigureAwait(false);
    }

    private static string? Refusal(TlmspOffer offer, TlmspMiddlebox[] allowed)
    {
        foreach (TlmspMiddlebox middlebox in offer.Middleboxes)
        {
            if (!allowed.Any(entry => entry.Address == middlebox.Address && entry.Grant.Equals(middlebox.Grant)))
            {
                return $"middlebox {middlebox.Address} with {middlebox.Grant} is not allowed; "
                    + $"to allow it: --allow {middlebox.Address}={middlebox.Grant}";
            }
        }

        return null;
    }
}
