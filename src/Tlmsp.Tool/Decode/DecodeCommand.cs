using System.CommandLine;
using Tlmsp.Tool.Cli;
using Tlmsp.Tool.Decode.Capture;

namespace Tlmsp.Tool.Decode;

/// <summary><c>tlmsp decode</c>: makes a capture readable.</summary>
internal static class DecodeCommand
{
    private const string Examples = """
        Examples:
          tcpdump -i lo -w hop.pcap port 7001
          tlmsp get https://localhost:5001/orders --ca ca.pem --via localhost:7001=header:r --key-log keys.log
          tlmsp decode hop.pcap --key-log keys.log
              every record and container of every TLMSP connection, with its data and what came of its MACs
          tlmsp decode hop.pcap --key-log middlebox.log
              with the keys of a middlebox alone: what it could see
          tlmsp decode --to-server up.bin --to-client down.bin --key-log keys.log
              the bytes of one connection, one file for each direction

        MACs: 'tag' is the reader's check of a fragment, 'writer' the writer MAC, 'reader-check' and 'check' those of a forwarding MAC
        with the entity that made it. 'no key' means that the key logs do not hold the key; without any the structure shows all the same.
        Exit status: 1 when a MAC failed, or a receiver would have ended a connection. Key logs: docs/keylog.md.
        """;

    public static Command Create(ToolConsole console)
    {
        var capture = new Argument<string?>("capture")
        {
            Description = "A pcap or pcapng file: loopback, Ethernet or raw IP",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var toServer = new Option<string?>("--to-server")
        {
            Description = "Instead of a capture: the bytes towards the server",
            HelpName = "FILE",
        };
        var toClient = new Option<string?>("--to-client") { Description = "The bytes towards the client", HelpName = "FILE" };
        var keyLog = new Option<string[]>("--key-log") { Description = "File with keys; repeat for more", HelpName = "FILE" };
        var port = new Option<int?>("--port") { Description = "Only connections with this port at either end", HelpName = "PORT" };
        var maxBytes = new Option<int>("--max-bytes")
        {
            Description = "Bytes to show of each container's data",
            DefaultValueFactory = _ => 256,
            HelpName = "COUNT",
        };
        var command = new TeachingCommand("decode", "List the records and containers of captured connections.", Examples)
        {
            capture, toServer, toClient, keyLog, port, maxBytes, ConfigurationFile.CreateOption(),
        };
        command.SetAction(parsed =>
        {
            List<KeyLogEntry> keys = [.. (parsed.GetValue(keyLog) ?? []).SelectMany(path => ReadKeys(path, console))];
            IReadOnlyList<CapturedHop> hops = Hops(
                parsed.GetValue(capture), parsed.GetValue(toServer), parsed.GetValue(toClient), parsed.GetValue(port), console);
            return Run(console, hops, keys, Math.Max(0, parsed.GetValue(maxBytes)));
        });
        return command;
    }

    private static int Run(ToolConsole console, IReadOnlyList<CapturedHop> hops, List<KeyLogEntry> keys, int maxBytes)
    {
        var listing = new Listing(console, maxBytes);
        foreach (CapturedHop hop in hops)
        {
            listing.Connection(hop.Name);
            DecodedHop decoded = HopDecoder.Decode(hop, keys);
            foreach (DecodedRecord record in decoded.Records)
            {
                listing.Record(record);
            }

            listing.Rest("to the server", decoded.RestToServer);
            listing.Rest("to the client", decoded.RestToClient);
            if (hop.Problem is { } problem)
            {
                console.Warn($"{hop.Name}: {problem}. What follows the gap is not shown.");
            }
        }

        listing.Summary();
        return listing.HasFailures ? ExitCode.Failure : ExitCode.Success;
    }

    private static IReadOnlyList<CapturedHop> Hops(string? capture, string? toServer, string? toClient, int? port, ToolConsole console)
    {
        if (capture is null == (toServer is null && toClient is null))
        {
            throw new UsageException("Name a capture file, or the bytes with --to-server and --to-client.");
        }

        if (capture is null)
        {
            // The hellos tell how to read the rest, so the client's side alone says little, and the server's side next to nothing.
            return [new CapturedHop(string.Join(" and ", ((string?[])[toServer, toClient]).OfType<string>()), [
                new CapturedPiece(Direction.ClientToServer, toServer is null ? default : ReadFile(toServer), null),
                new CapturedPiece(Direction.ServerToClient, toClient is null ? default : ReadFile(toClient), null),
            ])];
        }

        try
        {
            (IReadOnlyList<CapturedPacket> packets, bool isCut) = CaptureFile.Read(ReadFile(capture));
            IReadOnlyList<CapturedHop> hops = TcpConversations.Find(packets, port, out int others);
            string rest = others > 0 ? $", {others} others" : "";
            console.Note($"{packets.Count} packets, {hops.Count} connections that begin like TLS{rest}");
            if (isCut)
            {
                console.Warn($"{capture} ends inside a packet, as when a capture is killed.");
            }

            return hops;
        }
        catch (FormatException e)
        {
            throw new UsageException($"'{capture}' cannot be read: {e.Message}", e);
        }
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    private static IEnumerable<KeyLogEntry> ReadKeys(string path, ToolConsole console)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The key log '{path}' cannot be read: {e.Message}", e);
        }

        var entries = new List<KeyLogEntry>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (!KeyLogEntry.TryRead(lines[i], out KeyLogEntry? entry))
            {
                console.Warn($"{path}, line {i + 1} is malformed and was skipped; docs/keylog.md describes the format.");
            }
            else if (entry is not null)
            {
                entries.Add(entry);
            }
        }

        if (entries.Count == 0)
        {
            console.Warn($"{path} holds no keys of TLMSP sessions.");
        }

        return entries;
    }
}
