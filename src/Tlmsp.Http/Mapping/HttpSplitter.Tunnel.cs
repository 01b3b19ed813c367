using System.Buffers.Binary;

namespace Tlmsp.Http;

/// <summary>Output after a response that opened a tunnel: blocks, as <see cref="HttpTunnelBlocks"/> reads them.</summary>
public sealed partial class HttpSplitter
{
    /// <summary>With its length, a block fills a container.</summary>
    private static readonly int s_maxBlock = ContainerWriter.MaxPlaintext - HttpTunnelBlocks.LengthSize;

    private readonly byte _tunnelId;
    private bool _isTunnelEnded;

    /// <inheritdoc/>
    public bool NeedsEnd => _held is not null || (_framer.IsTunnel && !_isTunnelEnded);

    /// <summary>
    /// The application has ended its output in order: a tunnel gets its end mark, without which the other side takes it for cut off, and a
    /// response that was held back its length.
    /// </summary>
    public void End(IHttpContainerSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        EndHeld(sink);
        if (_framer.IsTunnel && !_isTunnelEnded)
        {
            _isTunnelEnded = true;
            _packer.Append(_tunnelId, HttpTunnelBlocks.EndMark, sink);
            Flush(sink);
        }
    }

    private void WriteTunnel(ReadOnlySpan<byte> data, IHttpContainerSink sink)
    {
        Span<byte> length = stackalloc byte[HttpTunnelBlocks.LengthSize];
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> block = data[..Math.Min(data.Length, s_maxBlock)];
            data = data[block.Length..];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)block.Length);
            _packer.Append(_tunnelId, length, sink);
            _packer.Append(_tunnelId, block, sink);
        }
    }
}
