using System.IO.Pipelines;
using Tlmsp.Http;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>Brings a session about and shows what was agreed.</summary>
internal static class RawSession
{
    /// <exception cref="TlmspException">The handshake failed.</exception>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public static async Task<TlmspSession> EstablishAsync(
        TlmspHandshake handshake, ITlmspTransport transport, TimeSpan limit, ToolConsole console, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            TlmspSession session = await TlmspConnector.HandshakeAsync(handshake, transport, timeout.Token).ConfigureAwait(false);
            foreach (string line in PathText.Describe(session.Info, console.ErrorInk))
            {
                console.Note(line);
            }

            return session;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no handshake within {limit.TotalSeconds} s", e);
        }
        catch (TlmspException e) when (!e.FromPeer)
        {
            await DrainAsync(transport).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Drops what arrives until the other side closes, for a second at most: closing with input unread would reset the connection, and an
    /// alert of ours be lost.
    /// </summary>
    public static async Task DrainAsync(ITlmspTransport transport)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            ReadResult result;
            do
            {
                result = await transport.Input.ReadAsync(limit.Token).ConfigureAwait(false);
                transport.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It is gone, or has had its time.
        }
    }
}
