namespace Tlmsp.Http;

/// <summary>
/// Changes the settings that an endpoint sends so that the other one does nothing that the mapping cannot carry: no extended CONNECT, whose
/// tunnels are refused (http-mapping §3), and, where a box on the path needs it, no state in field compression (§8).
/// </summary>
internal sealed class Http2OwnSettings(bool statelessCompression)
{
    private const int MaxEntries = 32;
    private readonly byte[] _frame = new byte[Http2Frame.HeaderSize + (MaxEntries * Http2Setting.Size)];
    private int _length;
    private bool _isFirst = true;

    /// <summary>A SETTINGS frame of our own begins.</summary>
    /// <exception cref="HttpMappingException">It has more settings than there are.</exception>
    public void Begin(in Http2Frame frame)
    {
        if (frame.Length > (MaxEntries - 1) * Http2Setting.Size)
        {
            throw new HttpMappingException($"more than {MaxEntries - 1} settings");
        }

        _length = Http2Frame.HeaderSize;
    }

    /// <summary>Takes a run of its payload.</summary>
    public void Append(ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(_frame.AsSpan(_length));
        _length += payload.Length;
    }

    /// <summary>The frame is complete.</summary>
    /// <returns>What to send in its place.</returns>
    public ReadOnlySpan<byte> End()
    {
        int kept = Http2Frame.HeaderSize;
        for (int at = Http2Frame.HeaderSize; at < _length; at += Http2Setting.Size)
        {
            Http2Setting setting = Http2Setting.Read(_frame.AsSpan(at));
            bool drop = setting.Id == Http2Setting.EnableConnectProtocol
                || (setting.Id == Http2Setting.HeaderTableSize && statelessCompression);
            if (!drop)
            {
                setting.Write(_frame.AsSpan(kept));
                kept += Http2Setting.Size;
            }
        }

        if (_isFirst && statelessCompression)
        {
            new Http2Setting(Http2Setting.HeaderTableSize, 0).Write(_frame.AsSpan(kept));
            kept += Http2Setting.Size;
        }

        _isFirst = false;
        new Http2Frame(kept - Http2Frame.HeaderSize, Http2FrameType.Settings, 0, 0).Write(_frame);
        return _frame.AsSpan(0, kept);
    }
}
