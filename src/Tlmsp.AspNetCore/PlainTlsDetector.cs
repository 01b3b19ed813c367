using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Tlmsp.AspNetCore;

/// <summary>Looks at a connection's first bytes and leaves them where they are, for whoever is to read them.</summary>
internal static class PlainTlsDetector
{
    /// <summary>A hello in records of a byte each may take more; nobody sends that. Less than Kestrel's pipe holds back.</summary>
    private const int MaxBytes = 32 * 1024;

    /// <returns>True for a ClientHello of plain TLS; all else, also a client that is too slow or closes, is left to the TLMSP handshake.</returns>
    public static async Task<bool> IsPlainTlsAsync(ConnectionContext context, TimeSpan timeout)
    {
        PipeReader input = context.Transport.Input;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default);
        limit.CancelAfter(timeout);
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(limit.Token).ConfigureAwait(false);
                bool? plain = read.IsCanceled ? false : PlainTlsHello.Check(read.Buffer);
                if (plain is null && (read.IsCompleted || read.Buffer.Length > MaxBytes))
                {
                    plain = false;
                }

                input.AdvanceTo(read.Buffer.Start, plain is null ? read.Buffer.End : read.Buffer.Start);
                if (plain is { } decided)
                {
                    return decided;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return false;
        }
    }
}
