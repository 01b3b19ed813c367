using System.Buffers;
using System.IO.Pipelines;

namespace Tlmsp.Http;

/// <summary>The raw connection under a session: what arrives as a pipe, what leaves as a buffer that is sent with one write per flush.</summary>
public interface ITlmspTransport : IAsyncDisposable
{
    /// <summary>What arrives.</summary>
    PipeReader Input { get; }

    /// <summary>Collects what leaves.</summary>
    IBufferWriter<byte> Output { get; }

    /// <summary>Sends all that was collected, in one write.</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}
