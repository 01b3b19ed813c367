namespace Tlmsp.Http;

/// <summary>
/// The streams of one HTTP/2 connection and what each side allowed the other, as far as the frame headers say it. Shared by the two
/// directions, which may run on different threads.
/// </summary>
internal sealed class Http2Streams
{
    /// <summary>RFC 9113 §6.5.2 recommends to allow no fewer, and clients assume it until they are told otherwise.</summary>
    private const uint LeastConcurrent = 100;

    private const int MostConcurrent = 32 * 1024;
    private const int RememberedResets = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Ends> _streams = [];
    private readonly Queue<uint> _resets = new();
    private readonly Dictionary<(uint Stream, HttpDirection Direction), int> _contents = [];    // where a head chose a content context
    private readonly int[] _maxFrameSize = [Http2Frame.DefaultMaxSize, Http2Frame.DefaultMaxSize];
    private readonly uint[] _headerTableSize = [HpackTable.DefaultSize, HpackTable.DefaultSize];
    private readonly HashSet<uint> _heads = [];
    private readonly Http2AnnouncedWindow[] _windows = [new(), new()];
    private uint _concurrent = LeastConcurrent;
    private uint _last;             // the highest stream that was opened
    private uint _forgotten;        // of the resets that are not remembered the highest
    private uint? _goAway;

    [Flags]
    private enum Ends : byte
    {
        None = 0,
        Request = 1,
        Response = 2,

        /// <summary>A side that was told so may still have frames under way.</summary>
        ResetByServer = 4,
        ResetByClient = 8,
    }

    /// <summary>The largest frame that may arrive in a direction. It only grows: nobody sees when a smaller size takes effect.</summary>
    public int MaxFrameSize(HttpDirection direction)
    {
        lock (_lock)
        {
            return _maxFrameSize[(int)direction];
        }
    }

    /// <summary>The largest table that field blocks of a direction may use. It only grows as well.</summary>
    public uint HeaderTableSize(HttpDirection direction)
    {
        lock (_lock)
        {
            return _headerTableSize[(int)direction];
        }
    }

    /// <summary>A setting that the sender of one direction made for the other.</summary>
    public void OnSetting(HttpDirection direction, Http2Setting setting)
    {
        int opposite = (int)direction.Opposite();
        lock (_lock)
        {
            switch (setting.Id)
            {
                case Http2Setting.MaxFrameSize:
                    _maxFrameSize[opposite] = Math.Max(_maxFrameSize[opposite], (int)setting.Value);
                    break;
                case Http2Setting.HeaderTableSize:
                    _headerTableSize[opposite] = Math.Max(_headerTableSize[opposite], setting.Value);
                    break;
                case Http2Setting.InitialWindowSize:
                    _windows[opposite].Announce(setting.Value);
                    break;
                case Http2Setting.MaxConcurrentStreams when direction == HttpDirection.Response:
                    _concurrent = Math.Max(_concurrent, Math.Min(setting.Value, MostConcurrent));
                    break;
            }
        }
    }

    /// <summary>
    /// The window that streams begin with for the DATA of a direction: the least of what its receiver has announced and may have in effect,
    /// as nobody sees when that changes but by the sender's confirmation.
    /// </summary>
    public uint InitialWindow(HttpDirection direction)
    {
        lock (_lock)
        {
            return _windows[(int)direction].Least;
        }
    }

    /// <summary>Whether somebody says when SETTINGS are confirmed, and so wants to know of windows.</summary>
    public bool TracksWindows { get; set; }

    /// <summary>A SETTINGS frame of the sender of a direction is complete.</summary>
    /// <returns>False where too many are not confirmed.</returns>
    public bool OnSettings(HttpDirection direction)
    {
        lock (_lock)
        {
            return !TracksWindows || _windows[(int)direction.Opposite()].TryClose();
        }
    }

    /// <summary>The oldest SETTINGS of the receiver of a direction are confirmed by what has gone on there.</summary>
    public void OnSettingsConfirmed(HttpDirection direction)
    {
        lock (_lock)
        {
            _windows[(int)direction].Confirm();
        }
    }

    /// <summary>A middlebox has answered in a side's place: both are told that nothing more comes, and may have frames under way.</summary>
    public void OnAnswered(uint streamId)
    {
        lock (_lock)
        {
            if (_streams.TryGetValue(streamId, out Ends ends))
            {
                Reset(streamId, ends, Ends.ResetByClient | Ends.ResetByServer);
            }
        }
    }

    /// <summary>HEADERS or DATA came.</summary>
    /// <returns>What is wrong; null when it may come here.</returns>
    public string? OnFrame(HttpDirection direction, in Http2Frame frame)
    {
        lock (_lock)
        {
            if (direction == HttpDirection.Request && frame.Type == Http2FrameType.Headers && frame.StreamId > _last)
            {
                // The other side may not have seen yet which streams have ended.
                if (_streams.Count - _resets.Count >= 2 * _concurrent)
                {
                    return $"more than {2 * _concurrent} streams at once";
                }

                _last = frame.StreamId;
                _streams[_last] = frame.EndsStream ? Ends.Request : Ends.None;
                return null;
            }

            return OnKnownStream(direction, frame);
        }
    }

    /// <summary>RST_STREAM came.</summary>
    public void OnReset(HttpDirection direction, uint streamId)
    {
        lock (_lock)
        {
            if (_streams.TryGetValue(streamId, out Ends ends))
            {
                Reset(streamId, ends, direction == HttpDirection.Request ? Ends.ResetByClient | Ends.Request : Ends.ResetByServer | Ends.Response);
            }
        }
    }

    /// <summary>The server will not answer streams above this one.</summary>
    public void OnGoAway(HttpDirection direction, uint lastStream)
    {
        if (direction == HttpDirection.Response)
        {
            lock (_lock)
            {
                _goAway = Math.Min(_goAway ?? uint.MaxValue, lastStream);
            }
        }
    }

    /// <summary>True when an end of the connection would cut a stream off in this direction.</summary>
    public bool AnyOpen(HttpDirection direction)
    {
        Ends closed = (direction == HttpDirection.Request ? Ends.Request : Ends.Response) | Ends.ResetByClient | Ends.ResetByServer;
        lock (_lock)
        {
            foreach ((uint id, Ends ends) in _streams)
            {
                if ((ends & closed) == 0 && id <= (_goAway ?? uint.MaxValue))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>True when a side has sent all of a stream.</summary>
    public bool HasEnded(HttpDirection direction, long streamId)
    {
        lock (_lock)
        {
            return _streams.TryGetValue((uint)streamId, out Ends ends)
                ? (ends & (direction == HttpDirection.Request ? Ends.Request : Ends.Response)) != 0
                : streamId <= _last;
        }
    }

    /// <summary>The head of a message chose a content context, by index.</summary>
    public void SetContent(HttpDirection direction, uint streamId, int index)
    {
        lock (_lock)
        {
            if (index != 0 && _streams.ContainsKey(streamId))
            {
                _contents[(streamId, direction)] = index;
            }
        }
    }

    /// <summary>The content context of a message, by index; null when the stream is not known, or not any more.</summary>
    public int? ContentOf(HttpDirection direction, uint streamId)
    {
        lock (_lock)
        {
            return _streams.ContainsKey(streamId) ? _contents.GetValueOrDefault((streamId, direction)) : null;
        }
    }

    /// <summary>The request of a stream is one for HEAD.</summary>
    public void MarkHead(uint streamId)
    {
        lock (_lock)
        {
            if (_streams.ContainsKey(streamId))
            {
                _heads.Add(streamId);
            }
        }
    }

    /// <summary>True when the request of a stream is known to be one for HEAD.</summary>
    public bool IsHead(uint streamId)
    {
        lock (_lock)
        {
            return _heads.Contains(streamId);
        }
    }

    private void Reset(uint streamId, Ends before, Ends reset)
    {
        if ((before & (Ends.ResetByClient | Ends.ResetByServer)) == 0)
        {
            _resets.Enqueue(streamId);
        }

        _streams[streamId] = before | reset;
        while (_resets.Count > RememberedResets)
        {
            uint oldest = _resets.Dequeue();
            Forget(oldest);
            _forgotten = Math.Max(_forgotten, oldest);
        }
    }

    private void Forget(uint streamId)
    {
        _streams.Remove(streamId);
        _heads.Remove(streamId);
        _contents.Remove((streamId, HttpDirection.Request));
        _contents.Remove((streamId, HttpDirection.Response));
    }

    private string? OnKnownStream(HttpDirection direction, in Http2Frame frame)
    {
        if (!_streams.TryGetValue(frame.StreamId, out Ends ends))
        {
            return frame.StreamId <= _forgotten ? null
                : frame.StreamId > _last ? $"{frame} on stream {frame.StreamId}, which nobody opened"
                : $"{frame} on stream {frame.StreamId}, which has ended";
        }

        (Ends own, Ends stopped) =
            direction == HttpDirection.Request ? (Ends.Request, Ends.ResetByServer) : (Ends.Response, Ends.ResetByClient);
        if ((ends & own) != 0)
        {
            return $"{frame} on stream {frame.StreamId}, which has ended";
        }

        if (direction == HttpDirection.Request && frame is { Type: Http2FrameType.Headers, EndsStream: false } && (ends & stopped) == 0)
        {
            return $"trailers that do not end stream {frame.StreamId}";
        }

        if (frame.EndsStream)
        {
            ends |= own;
            if (ends == (Ends.Request | Ends.Response))
            {
                Forget(frame.StreamId);
            }
            else
            {
                _streams[frame.StreamId] = ends;
            }
        }

        return null;
    }
}
