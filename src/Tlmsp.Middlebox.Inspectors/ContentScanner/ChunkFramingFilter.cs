namespace Tlmsp.Middlebox.Inspectors;

/// <summary>
/// Leaves out what may be the border of a chunk (RFC 9112 §7.1): a line end, a size in hexadecimal, extensions, and a line end. Whoever
/// cannot read heads cannot know what is framing, so it is looked at with and without it.
/// </summary>
internal sealed class ChunkFramingFilter
{
    private const int MostHexDigits = 256;
    private const int MostExtension = 4096;
    private readonly List<(char Char, int Offset)> _pending = [];
    private State _state = State.Size;
    private int _count;

    private enum State
    {
        Data,
        LineFeedBeforeSize,
        Size,
        Extension,
        LineFeed,
    }

    /// <summary>Takes the next byte.</summary>
    /// <param name="c">The byte.</param>
    /// <param name="offset">Where it is in what has come.</param>
    /// <param name="output">Where to add what is not left out.</param>
    public void Take(char c, int offset, List<(char Char, int Offset)> output)
    {
        State next = Next(c);
        if (_state == State.LineFeed && c == '\n')
        {
            _pending.Clear();
            _state = State.Data;
            return;
        }

        if (next == State.Data)
        {
            // It was no border; this byte may begin one.
            output.AddRange(_pending);
            _pending.Clear();
            _state = State.Data;
            next = Next(c);
            if (next == State.Data)
            {
                output.Add((c, offset));
                return;
            }
        }

        _count = next == _state ? _count + 1 : 0;
        _state = next;
        _pending.Add((c, offset));
    }

    /// <summary>What waits belongs to what came before.</summary>
    public void EndPiece()
    {
        for (int i = 0; i < _pending.Count; i++)
        {
            _pending[i] = (_pending[i].Char, -1);
        }
    }

    /// <returns><see cref="State.Data"/> where the byte does not go on with a border.</returns>
    private State Next(char c) => _state switch
    {
        State.Data when c == '\r' => State.LineFeedBeforeSize,
        State.LineFeedBeforeSize when c == '\n' => State.Size,
        State.Size when char.IsAsciiHexDigit(c) && _count < MostHexDigits => State.Size,
        State.Size when HasSize && c is ';' or ' ' or '\t' => State.Extension,
        State.Size or State.Extension when HasSize && c == '\r' => State.LineFeed,
        State.Extension when c != '\n' && _count < MostExtension => State.Extension,
        _ => State.Data,
    };

    private bool HasSize => _state == State.Extension || (_pending.Count > 0 && char.IsAsciiHexDigit(_pending[^1].Char));
}
