using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>Accepts connections for a server or a middlebox and runs each of them, until there were enough.</summary>
internal sealed class Listening
{
    private readonly Option<string> _listen = new("--listen")
    {
        Description = "PORT on loopback, or ADDRESS:PORT; 0.0.0.0:PORT listens to everybody, port 0 takes a free one",
        Required = true,
        HelpName = "PORT",
    };

    private readonly Option<int> _connections = new("--connections")
    {
        Description = "End after so many connections; 0 goes on until Ctrl+C",
        HelpName = "COUNT",
    };

    public void AddTo(Command command)
    {
        command.Add(_listen);
        command.Add(_connections);
    }

    /// <summary>Where to listen.</summary>
    /// <exception cref="UsageException">The text is neither a port nor an address with a port.</exception>
    public IPEndPoint EndPoint(ParseResult parsed)
    {
        string text = parsed.GetRequiredValue(_listen);
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        return text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out IPEndPoint? endPoint)
            ? endPoint
            : throw new UsageException($"--listen is '{text}'. Write a port for loopback, or address and port, as in 0.0.0.0:4433.");
    }

    /// <summary>Listens and serves.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="what">What is listening, for the line that says so.</param>
    /// <param name="console">Takes that line, and the fault of a connection.</param>
    /// <param name="serve">Runs one connection.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl+C.</param>
    /// <returns>The worst status of all connections.</returns>
    public async Task<int> RunAsync(
        ParseResult parsed, string what, ToolConsole console, Func<Socket, CancellationToken, Task> serve,
        CancellationToken cancellationToken)
    {
        IPEndPoint endPoint = EndPoint(parsed);
        using var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(endPoint);
            listener.Listen();
        }
        catch (SocketException e)
        {
            throw new UsageException($"Nothing can listen on {endPoint}: {e.Message}", e);
        }

        console.Note($"{what} is listening on {listener.LocalEndPoint}");
        int limit = parsed.GetValue(_connections);
        int accepted = 0;
        int worst = ExitCode.Success;
        var running = new HashSet<Task<int>>();
        try
        {
            while (limit == 0 || accepted < limit)
            {
                Socket socket = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
                socket.NoDelay = true;
                int number = ++accepted;
                running.Add(Task.Run(() => ServeAsync(socket, number, console, serve, cancellationToken), CancellationToken.None));
                foreach (Task<int> done in running.Where(task => task.IsCompleted).ToArray())
                {
                    running.Remove(done);
                    worst = Math.Max(worst, await done.ConfigureAwait(false));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is how a server ends.
        }

        int[] statuses = await Task.WhenAll(running).ConfigureAwait(false);
        return cancellationToken.IsCancellationRequested ? ExitCode.Success : statuses.Append(worst).Max();
    }

    private static async Task<int> ServeAsync(
        Socket socket, int number, ToolConsole console, Func<Socket, CancellationToken, Task> serve, CancellationToken cancellationToken)
    {
        try
        {
            await serve(socket, cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
        catch (Exception e) when (Failure.TryDescribe(e, out string message, out int exitCode))
        {
            // Whatever happens to one connection, the others go on.
            console.Note($"{console.ErrorInk.Red($"connection {number.ToString(CultureInfo.InvariantCulture)}:")} {message}");
            return exitCode;
        }
        finally
        {
            socket.Dispose();
        }
    }
}
