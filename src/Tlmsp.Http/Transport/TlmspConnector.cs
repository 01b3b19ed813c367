using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace Tlmsp.Http;

/// <summary>Runs an endpoint's handshake over a transport: one flush per flight.</summary>
public static class TlmspConnector
{
    /// <summary>Runs the handshake to its end.</summary>
    /// <returns>The session; bytes that came after the handshake are still in the transport's input.</returns>
    /// <exception cref="TlmspException">The peer misbehaved or refused; the alert was sent.</exception>
    /// <exception cref="TlmspReconnectException">The path has changed; the other side was told.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, for example by a timeout.</exception>
    public static async ValueTask<TlmspSession> HandshakeAsync(
        TlmspHandshake handshake, ITlmspTransport transport, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(handshake);
        ArgumentNullException.ThrowIfNull(transport);
        handshake.Start(transport.Output);
        await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            ReadResult result = await transport.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> input = result.Buffer;
            SequencePosition examined = input.End;
            ExceptionDispatchInfo? fault = null;
            try
            {
                switch (handshake.Process(ref input, transport.Output))
                {
                    case HandshakeStatus.Complete:
                        // Early data of the peer must wake the next read.
                        examined = input.Start;
                        await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
                        return handshake.Complete();
                    case HandshakeStatus.Reconnect:
                        throw new TlmspReconnectException((handshake as TlmspClientHandshake)?.Discovery);
                }
            }
            catch (Exception e)
            {
                fault = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                transport.Input.AdvanceTo(input.Start, examined);
            }

            if (fault is not null)
            {
                await FlushQuietlyAsync(transport).ConfigureAwait(false);
                bool fromPeer = fault.SourceException is TlmspException { FromPeer: true } or TlmspReconnectException { Discovery: null };
                if (!fromPeer)
                {
                    await Linger.UntilEndAsync(transport.Input).ConfigureAwait(false);
                }

                fault.Throw();
            }

            await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCompleted || result.IsCanceled)
            {
                throw new TlmspException(Misbehaviour.ClosedWithoutNotify, "the connection ended inside the handshake");
            }
        }
    }

    private static async ValueTask FlushQuietlyAsync(ITlmspTransport transport)
    {
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await transport.FlushAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The alert could not be delivered; the fault itself is what counts.
        }
    }
}
