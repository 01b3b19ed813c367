namespace Tlmsp.Http;

/// <summary>How a connection ends from this side.</summary>
public sealed partial class TlmspHttpStream
{
    /// <summary>Ends what was sent in order, a tunnel with its end mark, sends close_notify and lets go of everything.</summary>
    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // HttpClient disposes synchronously, possibly on a thread that must not wait.
            _ = CloseAsync();
        }

        base.Dispose(disposing);
    }

    /// <summary>The application failed inside what disposing of the stream would complete.</summary>
    private void FailOutput() => _outputFault = new HttpMappingException(
        "the application failed inside a tunnel, or inside a response without Content-Length to a client of HTTP/1.0");

    /// <summary>
    /// The application's output cannot be sent. Kestrel takes an exception for a bug of its own, so it is not told: the client is, and ends the
    /// connection.
    /// </summary>
    private async ValueTask RefuseOutputAsync(TlmspException fault)
    {
        _outputFault = fault;
        try
        {
            using var timeout = new CancellationTokenSource(CloseTimeout);
            Session.Writer.WriteAlert(TlmspAlertLevel.Fatal, TlmspAlert.InternalError, fault.ContextId, _transport.Output);
            await _transport.FlushAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or TlmspException)
        {
            // The client is gone, or the keys are used up.
        }
    }

    private async ValueTask AlertAsync(TlmspException fault)
    {
        // A writer may be held up by a peer that does not read: the alert is not worth waiting long for.
        if (!await _writeGate.WaitAsync(CloseTimeout).ConfigureAwait(false))
        {
            return;
        }

        try
        {
            if (!Session.Writer.IsClosed && Volatile.Read(ref _closed) == 0)
            {
                using var timeout = new CancellationTokenSource(CloseTimeout);
                Session.Writer.WriteAlert(TlmspAlertLevel.Fatal, fault.Alert, fault.ContextId, _transport.Output);
                await _transport.FlushAsync(timeout.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer is gone; the fault is reported to the reader all the same.
        }
        finally
        {
            _writeGate.Release();
        }
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        bool entered = await _writeGate.WaitAsync(CloseTimeout).ConfigureAwait(false);
        try
        {
            // A fatal alert has no answer (records-keys.md §10.3).
            if (entered && !Session.Writer.IsClosed && _readFault is null)
            {
                using var timeout = new CancellationTokenSource(CloseTimeout);
                if (_outputFault is { } refused)
                {
                    Session.Writer.WriteAlert(TlmspAlertLevel.Fatal, TlmspAlert.InternalError, refused.ContextId, _transport.Output);
                }
                else
                {
                    _splitter.End(this);
                    Session.Writer.WriteCloseNotify(_transport.Output);
                }

                await _transport.FlushAsync(timeout.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Nobody is left to be told.
        }
        finally
        {
            if (entered)
            {
                _writeGate.Release();
            }

            _watch?.Dispose();
            IdleSweeper.Remove(this);
            await _transport.DisposeAsync().ConfigureAwait(false);
            Session.Dispose();
        }
    }
}
