using System.Buffers;
using System.Buffers.Text;

namespace Tlmsp.Http;

/// <summary>
/// Responses without length to clients of HTTP/1.0, which know no chunks: held back until their end, which gives them a Content-Length,
/// because the end of a connection ends no message here (http-mapping §3).
/// </summary>
public sealed partial class HttpSplitter
{
    private readonly HttpExchangeQueue _exchanges;
    private readonly HttpFramerLimits _limits;
    private PooledBuffer? _held;

    private bool IsHttp10ResponseDue => _framer.Direction == HttpDirection.Response && _framer.IsAtBoundary && !_exchanges.IsNextHttp11;

    private void Hold(ReadOnlySpan<byte> content)
    {
        if (_held!.Length + content.Length > _limits.MaxBufferedBytes)
        {
            throw new HttpMappingException(
                $"a response of more than {_limits.MaxBufferedBytes} bytes without Content-Length to a client of HTTP/1.0, which knows no chunks. "
                + "Set Content-Length, or raise HttpLimits.MaxBufferedBytes", HttpRole.Content);
        }

        _held.Write(content);
    }

    private void EndHeld(IHttpContainerSink sink)
    {
        if (_held is not { } content)
        {
            return;
        }

        Span<byte> length = stackalloc byte[10];
        Utf8Formatter.TryFormat(content.Length, length, out int digits);
        _packer.Append(_headId, "Content-Length: "u8, sink);
        _packer.Append(_headId, length[..digits], sink);
        _packer.Append(_headId, "\r\n"u8, sink);
        _packer.Append(_secretId, _editor!.Secrets.Memory.Span, sink);
        _packer.Append(_headId, "\r\n"u8, sink);
        _packer.Append(ContentId, content.Memory.Span, sink);
        Flush(sink);
        _editor.Secrets.Dispose();
        content.Dispose();
        _held = null;
        _framer.EndOfOutput();
        MessageNumber++;
    }
}
