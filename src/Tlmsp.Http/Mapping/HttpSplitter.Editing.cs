using System.Buffers.Text;
using System.Text;

namespace Tlmsp.Http;

/// <summary>Output that leaves otherwise than it was written: sensitive fields apart, and chunks in place of a length.</summary>
public sealed partial class HttpSplitter
{
    private HttpHeadEditor? _editor;
    private readonly byte _secretId;
    private bool _chunking;

    private void Edit(in HttpPiece piece, ReadOnlySpan<byte> bytes, IHttpContainerSink sink)
    {
        switch (piece.Kind)
        {
            case HttpPieceKind.Head:
                EditHead(_editor!, piece, bytes, sink);
                break;
            case HttpPieceKind.Trailers when piece.Line == HttpLine.Secret:
                throw new HttpMappingException("a sensitive field in a trailer section");
            case HttpPieceKind.Content when _held is not null:
                Hold(bytes);
                break;
            case HttpPieceKind.Content when _chunking:
                AppendChunk(bytes, piece.MessageComplete, sink);
                break;
            default:
                _packer.Append(piece.Role == HttpRole.Head ? _headId : ContentId, bytes, sink);
                break;
        }
    }

    private void EditHead(HttpHeadEditor editor, in HttpPiece piece, ReadOnlySpan<byte> bytes, IHttpContainerSink sink)
    {
        ReadOnlySpan<byte> line = editor.Take(piece, bytes);
        if (piece.HeadComplete && _framer.IsUntilEnd)
        {
            _held = new PooledBuffer();     // and the blank line is held as well: a length comes before it
            editor.LineSent();
            return;
        }

        if (piece.HeadComplete)
        {
            _chunking = editor.Length.Length > 0 && _framer.MayBeChunked && (ResizableIds?.Contains(ContentId) ?? true);
            _packer.Append(_headId, _chunking ? "Transfer-Encoding: chunked\r\n"u8 : editor.Length.Memory.Span, sink);
            _packer.Append(_secretId, editor.Secrets.Memory.Span, sink);
            editor.Length.Dispose();
            editor.Secrets.Dispose();
        }

        _packer.Append(_headId, line, sink);
        if (!line.IsEmpty)
        {
            editor.LineSent();
        }
    }

    /// <summary>A chunk per piece, for whoever resizes it on the way (RFC 9112 §7.1).</summary>
    private void AppendChunk(ReadOnlySpan<byte> content, bool isLast, IHttpContainerSink sink)
    {
        Span<byte> size = stackalloc byte[10];
        Utf8Formatter.TryFormat(content.Length, size, out int digits, 'x');
        "\r\n"u8.CopyTo(size[digits..]);
        _packer.Append(ContentId, size[..(digits + 2)], sink);
        _packer.Append(ContentId, content, sink);
        _packer.Append(ContentId, isLast ? "\r\n0\r\n\r\n"u8 : "\r\n"u8, sink);
        _chunking &= !isLast;
    }
}
