using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// What a splitter keeps back of a head until its blank line: the lines of sensitive fields, which travel in a context of their own
/// (http-mapping §9), and Content-Length, which chunks may replace (§4). All other lines go on as they come.
/// </summary>
/// <param name="holdsLength">Whether content may be resized on its way.</param>
internal sealed class HttpHeadEditor(bool holdsLength) : IDisposable
{
    private readonly PooledBuffer _line = new();

    /// <summary>Whole lines of sensitive fields.</summary>
    public PooledBuffer Secrets { get; } = new();

    /// <summary>The Content-Length line, if there is one.</summary>
    public PooledBuffer Length { get; } = new();

    /// <summary>Takes a piece of a head.</summary>
    /// <returns>A line that goes on now; valid until <see cref="LineSent"/>. Empty when there is none.</returns>
    public ReadOnlySpan<byte> Take(in HttpPiece piece, ReadOnlySpan<byte> bytes)
    {
        PooledBuffer whole = piece.Line switch
        {
            HttpLine.Secret => Secrets,
            HttpLine.ContentLength when holdsLength => Length,
            _ => _line,
        };
        if (whole != _line && _line.Length > 0)
        {
            whole.Write(_line.Memory.Span);
            LineSent();
        }

        whole.Write(bytes);
        return piece.Line == HttpLine.Incomplete ? default : _line.Memory.Span;
    }

    /// <summary>Forgets the line that <see cref="Take"/> has returned.</summary>
    public void LineSent() => _line.Consume(_line.Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        _line.Dispose();
        Secrets.Dispose();
        Length.Dispose();
    }
}
