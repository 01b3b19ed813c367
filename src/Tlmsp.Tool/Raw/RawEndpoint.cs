using System.Buffers;
using System.IO.Pipelines;
using Tlmsp.Http;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>An established session at a client or server: shows what arrives, echoes it or keeps it, and carries out commands.</summary>
internal sealed class RawEndpoint(TlmspSession session, ITlmspTransport transport, ToolConsole console, RawSettings settings)
    : IContainerReceiver
{
    private const int FileBlock = 256 * 1024;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Inbox _inbox = new();
    private readonly List<(byte Context, byte[] Data)> _echo = [];
    private bool _keeps;

    /// <summary>Runs the commands, or the lines of standard input, and closes; without any goes on until the other side closes.</summary>
    /// <exception cref="FailedException">An expectation did not hold.</exception>
    /// <exception cref="TlmspException">The other side broke the protocol or sent a fatal alert.</exception>
    public async Task RunAsync(IReadOnlyList<RawCommand>? commands, bool interactive, CancellationToken cancellationToken)
    {
        _keeps = commands is not null || interactive;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task reading = ReadAsync(stop.Token);
        try
        {
            if (_keeps)
            {
                Task commanding = CommandsAsync(commands, stop.Token);
                if (await Task.WhenAny(commanding, reading).ConfigureAwait(false) == reading)
                {
                    await reading.ConfigureAwait(false);
                }

                // What has arrived may still be expected; a terminal need not be asked any more.
                if (commands is not null || !reading.IsCompleted)
                {
                    await commanding.ConfigureAwait(false);
                    await CloseAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            // What the other side still has to say, and its close_notify, come before the end.
            await (_keeps ? reading.WaitAsync(settings.Timeout, cancellationToken) : reading).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    void IContainerReceiver.OnContainer(in ReceivedContainer container)
    {
        console.Line(ContainerLine.Received(container, console.OutInk));
        if (container.IsDeleted)
        {
            return;
        }

        settings.Save(container.ContextId, container.Plaintext);
        if (settings.Echo)
        {
            _echo.Add((container.ContextId, container.Plaintext.ToArray()));
        }

        if (_keeps)
        {
            _inbox.Add(container.ContextId, container.Plaintext);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!session.Reader.IsClosed)
            {
                ReadResult result = await transport.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (!await TakeAsync(result, cancellationToken).ConfigureAwait(false))
                {
                    console.Note("the connection ended without close_notify");
                    return;
                }
            }

            console.Note("the other side closed");
            await CloseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TlmspException e) when (!e.FromPeer)
        {
            await AlertAsync(e).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _inbox.End();
        }
    }

    /// <returns>False at the end of the connection.</returns>
    private async Task<bool> TakeAsync(ReadResult result, CancellationToken cancellationToken)
    {
        ReadOnlySequence<byte> input = result.Buffer;
        try
        {
            while (!session.Reader.IsClosed && session.Reader.TryRead(ref input, this))
            {
            }
        }
        finally
        {
            transport.Input.AdvanceTo(input.Start, input.End);
        }

        foreach ((byte context, byte[] data) in _echo)
        {
            await SendAsync(context, data, cancellationToken).ConfigureAwait(false);
        }

        _echo.Clear();
        if (!result.IsCompleted || session.Reader.IsClosed)
        {
            return true;
        }

        return input.IsEmpty ? false : throw new TlmspException(Misbehaviour.ClosedWithoutNotify, "inside a record");
    }

    private async Task CommandsAsync(IReadOnlyList<RawCommand>? commands, CancellationToken cancellationToken)
    {
        if (commands is not null)
        {
            foreach (RawCommand command in commands)
            {
                await RunAsync(command, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        // A terminal blocks its reader; the connection must not wait for it.
        while (await Task.Run(console.In.ReadLine, CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            try
            {
                if (RawCommand.Parse(line) is { } command)
                {
                    await RunAsync(command, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (UsageException e) when (console.InIsTerminal)
            {
                console.Note(e.Message);
            }
        }
    }

    private async Task RunAsync(RawCommand command, CancellationToken cancellationToken)
    {
        switch (command.Verb)
        {
            case RawVerb.Send:
                RequireContext(command.Context);
                console.Line(ContainerLine.Sent(command.Context, command.Data, console.OutInk));    // before the answer comes
                await SendAsync(command.Context, command.Data, cancellationToken).ConfigureAwait(false);
                break;
            case RawVerb.SendFile:
                await SendFileAsync(command, cancellationToken).ConfigureAwait(false);
                break;
            case RawVerb.Expect:
                await ExpectAsync(command, cancellationToken).ConfigureAwait(false);
                break;
            case RawVerb.Read:
                await ReadAsync(command, cancellationToken).ConfigureAwait(false);
                break;
            case RawVerb.Wait:
                await _inbox.WaitForEndAsync(settings.Timeout, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task ExpectAsync(RawCommand command, CancellationToken cancellationToken)
    {
        byte[] expected = command.Data!;
        for (int at = 0; at < expected.Length;)
        {
            byte[] taken = await _inbox.TakeAsync(command.Context, expected.Length - at, settings.Timeout, cancellationToken)
                .ConfigureAwait(false);
            if (!taken.AsSpan().SequenceEqual(expected.AsSpan(at, taken.Length)))
            {
                string wanted = DataText.Excerpt(expected.AsSpan(at), 200);
                throw new FailedException($"Context {command.Context} brought {DataText.Excerpt(taken, 200)}, and {wanted} was expected.");
            }

            at += taken.Length;
        }
    }

    private async Task ReadAsync(RawCommand command, CancellationToken cancellationToken)
    {
        using var progress = new Progress(console, "received", command.Count);
        for (long rest = command.Count; rest > 0;)
        {
            byte[] taken = await _inbox.TakeAsync(
                command.Context, (int)Math.Min(rest, int.MaxValue), settings.Timeout, cancellationToken).ConfigureAwait(false);
            rest -= taken.Length;
            progress.Add(taken.Length);
        }
    }

    private void RequireContext(byte context)
    {
        if (session.Info.Contexts.All(existing => existing.Id != context))
        {
            string known = string.Join(", ", session.Info.Contexts.Select(PathText.Context));
            throw new UsageException($"The session has no context {context}; it has {known}.");
        }
    }

    private async Task SendFileAsync(RawCommand command, CancellationToken cancellationToken)
    {
        RequireContext(command.Context);
        FileStream file;
        try
        {
            file = File.OpenRead(command.File!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{command.File}' cannot be sent: {e.Message}", e);
        }

        await using (file.ConfigureAwait(false))
        {
            using var progress = new Progress(console, "sent", file.Length);
            byte[] block = new byte[FileBlock];
            for (int count; (count = await file.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await SendAsync(command.Context, block.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                progress.Add(count);
            }

            console.Line(ContainerLine.SentFile(command.Context, file.Length, command.File!, console.OutInk));
        }
    }

    private async Task SendAsync(byte context, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!session.Writer.IsClosed)
            {
                session.Writer.Write(context, data.Span, transport.Output);
                await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            session.Writer.WriteCloseNotify(transport.Output);
            await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Both sides close at about the same time; who is first does not wait for the other's word.
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task AlertAsync(TlmspException fault)
    {
        if (session.Writer.IsClosed)
        {
            return;
        }

        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            session.Writer.WriteAlert(TlmspAlertLevel.Fatal, fault.Alert, fault.ContextId, transport.Output);
            await transport.FlushAsync(limit.Token).ConfigureAwait(false);
            await RawSession.DrainAsync(transport).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Nobody is left to be told.
        }
    }
}
