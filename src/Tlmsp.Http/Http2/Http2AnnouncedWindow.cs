namespace Tlmsp.Http;

/// <summary>SETTINGS_INITIAL_WINDOW_SIZE of one side (RFC 9113 §6.5.3, §6.9.2): what it has announced, frame by frame, and what is confirmed.</summary>
internal sealed class Http2AnnouncedWindow
{
    private const int MostUnconfirmed = 64;
    private readonly Queue<uint?> _unconfirmed = new();
    private uint _confirmed = Http2Setting.DefaultWindowSize;
    private uint? _announced;

    /// <summary>The least that may be in effect.</summary>
    public uint Least
    {
        get
        {
            uint least = _confirmed;
            foreach (uint? announced in _unconfirmed)
            {
                least = Math.Min(least, announced ?? least);
            }

            return least;
        }
    }

    /// <summary>The setting is in a frame that goes on.</summary>
    public void Announce(uint value) => _announced = value;

    /// <summary>The frame is complete.</summary>
    /// <returns>False where too many of them wait to be confirmed.</returns>
    public bool TryClose()
    {
        _unconfirmed.Enqueue(_announced);
        _announced = null;
        return _unconfirmed.Count <= MostUnconfirmed;
    }

    /// <summary>The other side confirms the oldest of the frames.</summary>
    public void Confirm() => _confirmed = _unconfirmed.TryDequeue(out uint? oldest) ? oldest ?? _confirmed : _confirmed;
}
