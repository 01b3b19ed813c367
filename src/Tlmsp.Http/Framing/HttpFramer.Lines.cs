using System.Buffers;

namespace Tlmsp.Http;

/// <summary>Lines, which are kept until they are whole.</summary>
internal sealed partial class HttpFramer
{
    /// <summary>Takes bytes up to the end of a line; the line without CRLF is in _line then.</summary>
    private int TakeLine(ReadOnlySpan<byte> data, int limit, string what, out bool complete)
    {
        int lf = data.IndexOf((byte)'\n');
        int taken = lf < 0 ? data.Length : lf + 1;
        _headBytes += taken;
        if (_headBytes > limit)
        {
            throw new HttpMappingException($"{what} of more than {limit} bytes", _state == State.ChunkSize ? HttpRole.Content : HttpRole.Head);
        }

        if (_line.Length < _lineLength + taken)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(512, _lineLength + taken));
            _line.AsSpan(0, _lineLength).CopyTo(larger);
            if (_line.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_line);
            }

            _line = larger;
        }

        data[..taken].CopyTo(_line.AsSpan(_lineLength));
        _lineLength += taken;
        complete = lf >= 0;
        ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
        if (complete)
        {
            if (!line.EndsWith("\r\n"u8))
            {
                throw new HttpMappingException($"a bare LF in the {what}", _state == State.ChunkSize ? HttpRole.Content : HttpRole.Head);
            }

            _lineLength -= 2;
            line = line[..^2];
        }
        else if (line.EndsWith("\r"u8))
        {
            line = line[..^1];
        }

        if (line.Contains((byte)'\r'))
        {
            throw new HttpMappingException($"a bare CR in the {what}", _state == State.ChunkSize ? HttpRole.Content : HttpRole.Head);
        }

        return taken;
    }

    private void ReleaseLine()
    {
        _lineLength = 0;
        if (_line.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_line);
            _line = [];
        }
    }
}
