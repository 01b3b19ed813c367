using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Tlmsp.Client;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary><c>tlmsp client</c>: a session over any path, on raw contexts.</summary>
internal static class ClientCommand
{
    private const string Examples = """
        Examples:
          tlmsp client localhost:4433 --ca certs/ca.pem
              commands from the keyboard until end of input (Ctrl+D)
          tlmsp client localhost:4433 --ca certs/ca.pem --via localhost:7001=1=r,2=rw --do 'send 1 hello' --do 'expect 1 hello'
              through a middlebox that may read context 1 and write context 2
          tlmsp client localhost:4433 --ca certs/ca.pem --context 1:log --context 2:telemetry:audited --script talk.txt
              contexts of one's own; an audited one carries a trail of everybody it passed
          tlmsp client localhost:4433 --ca certs/ca.pem --do 'send-file 2 big.bin' --do 'read 2 104857600' --save 2=copy.bin
              a long transfer there and back

        Commands of --do, --script and standard input:

        """ + RawCommand.Grammar;

    public static Command Create(ToolConsole console)
    {
        var trust = new TrustOptions();
        var script = new RawScript();
        var server = new Argument<string>("server") { Description = "The server's address, such as localhost:4433" };
        var via = new Option<string[]>("--via")
        {
            Description = "A middlebox on the path and its rights, nearest first; repeat",
            HelpName = "ADDRESS=GRANTS",
        };
        var contexts = new Option<string[]>("--context")
        {
            Description = "A context: ID, ID:PURPOSE or ID:PURPOSE:audited; repeat. Default: 1 and 2",
            HelpName = "CONTEXT",
        };
        var serverName = new Option<string?>("--server-name")
        {
            Description = "Name that the server's certificate must have, where it is not the host",
            HelpName = "NAME",
        };
        Option<string[]> save = RawSettings.CreateSaveOption();
        var command = new TeachingCommand("client", "Open a TLMSP session on raw contexts: send, expect, show.", Examples)
        {
            server, via, contexts, serverName, save,
        };
        script.AddTo(command);
        trust.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            IReadOnlyList<RawCommand>? commands = script.Read(parsed);
            string[] listed = parsed.GetValue(contexts) is { Length: > 0 } given ? given : ["1", "2"];
            var options = new TlmspClientOptions
            {
                ServerAddress = GrantText.ParseAddress(parsed.GetRequiredValue(server)),
                ServerName = parsed.GetValue(serverName),
                Contexts = [.. listed.Select(ContextText.Parse)],
                Middleboxes = [.. (parsed.GetValue(via) ?? []).Select(GrantText.ParseMiddlebox)],
            };
            trust.Apply(parsed, options, console);
            using var settings = new RawSettings { Timeout = trust.Timeout(parsed) };
            settings.OpenFiles(parsed.GetValue(save));
            await RunAsync(options, console, settings, commands, cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }

    /// <exception cref="SocketException">Nobody answers.</exception>
    /// <exception cref="TimeoutException">Nobody answers in time.</exception>
    public static async Task<Socket> DialAsync(string host, int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(host, port), timeout.Token).ConfigureAwait(false);
            return socket;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"no connection to {host}:{port} within {limit.TotalSeconds} s", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task RunAsync(
        TlmspClientOptions options, ToolConsole console, RawSettings settings, IReadOnlyList<RawCommand>? commands,
        CancellationToken cancellationToken)
    {
        using TlmspClientHandshake handshake = MakeHandshake(options);
        (options.Middleboxes.FirstOrDefault()?.Address ?? options.ServerAddress).TryGetEndPoint(out string? host, out int port);
        using Socket socket = await DialAsync(host!, port, settings.Timeout, cancellationToken).ConfigureAwait(false);
        await using var transport = new SocketTransport(socket);
        using TlmspSession session = await RawSession.EstablishAsync(handshake, transport, settings.Timeout, console, cancellationToken)
            .ConfigureAwait(false);
        if (commands is null && console.InIsTerminal)
        {
            console.Note($"Commands, until end of input:\n{RawCommand.Grammar}");
        }

        var endpoint = new RawEndpoint(session, transport, console, settings);
        await endpoint.RunAsync(commands, interactive: true, cancellationToken).ConfigureAwait(false);
    }

    private static TlmspClientHandshake MakeHandshake(TlmspClientOptions options)
    {
        try
        {
            return new TlmspClientHandshake(options);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message, e);
        }
    }
}
