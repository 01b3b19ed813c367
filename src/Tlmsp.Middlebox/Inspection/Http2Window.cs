using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// The window of an HTTP/2 connection for the DATA of one direction, as its receiver counts it (RFC 9113 §6.9), and what of it the
/// middlebox used: the receiver will give that back to the sender, which never had it.
/// </summary>
internal sealed class Http2Window
{
    private readonly Lock _lock = new();
    private long _left = Http2Setting.DefaultWindowSize;
    private long _most = Http2Setting.DefaultWindowSize;
    private long _debt;
    private bool _isShort;

    /// <summary>How much the receiver still takes of what goes on from here.</summary>
    public long Left
    {
        get
        {
            lock (_lock)
            {
                return _left;
            }
        }
    }

    /// <summary>How much the sender may send, as it counts.</summary>
    public long OfSender
    {
        get
        {
            lock (_lock)
            {
                return _left + _debt;
            }
        }
    }

    /// <summary>The receiver widens it.</summary>
    /// <param name="increment">By how much.</param>
    /// <param name="wasShort">Whether something has waited for that.</param>
    /// <returns>By how much the sender may hear that it did.</returns>
    public uint OnUpdate(uint increment, out bool wasShort)
    {
        lock (_lock)
        {
            _left += increment;
            _most = Math.Max(_most, _left);
            long ours = Math.Min(_debt, increment);
            _debt -= ours;
            wasShort = _isShort;
            _isShort = false;
            return increment - (uint)ours;
        }
    }

    /// <summary>Whether the receiver takes so much of the sender's, who cannot know what we used.</summary>
    public bool MaySend(long octets)
    {
        lock (_lock)
        {
            _isShort = _debt > 0 && octets > _left;
            return !_isShort;
        }
    }

    /// <summary>
    /// Whether what is held back here uses all of it up: a receiver that reads leaves it no smaller than a quarter, and one that does not
    /// read is what the sender waits for.
    /// </summary>
    public bool IsUsedUpBy(long held)
    {
        lock (_lock)
        {
            return held > 0 && held >= _left && _left >= _most / 4;
        }
    }

    /// <summary>DATA of the sender's went on.</summary>
    public void OnSent(long octets)
    {
        lock (_lock)
        {
            _left -= octets;
        }
    }

    /// <summary>DATA of our own went on.</summary>
    public void OnUsed(long octets)
    {
        lock (_lock)
        {
            _left -= octets;
            _debt += octets;
        }
    }
}
