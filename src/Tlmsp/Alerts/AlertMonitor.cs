namespace Tlmsp;

/// <summary>What the alerts of one direction add up to (records-keys.md §10.3).</summary>
internal struct AlertMonitor
{
    private const int MaxWarnings = 4;
    private int _warnings;

    /// <summary>True after close_notify.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Something other than an alert came.</summary>
    public void OnData()
    {
        if (IsClosed)
        {
            throw new TlmspException(Misbehaviour.DataAfterClose);
        }

        _warnings = 0;
    }

    /// <summary>Takes an alert in.</summary>
    /// <returns>The alert when it is fatal, else null.</returns>
    /// <exception cref="TlmspException">The alert is malformed, out of place, or one warning too many.</exception>
    public TlmspAlert? OnAlert(ReadOnlySpan<byte> alert, byte contextId)
    {
        if (alert.Length != 2 || alert[0] is not ((byte)TlmspAlertLevel.Warning or (byte)TlmspAlertLevel.Fatal))
        {
            throw new TlmspException(Misbehaviour.MalformedAlert, $"{alert.Length} bytes");
        }

        if (IsClosed)
        {
            throw new TlmspException(Misbehaviour.DataAfterClose, "alert");
        }

        var description = (TlmspAlert)alert[1];
        if (description == TlmspAlert.CloseNotify && contextId != 0)
        {
            throw new TlmspException(Misbehaviour.CloseNotifyOutsideControl, $"context {contextId}");
        }

        if (alert[0] == (byte)TlmspAlertLevel.Fatal)
        {
            return description;
        }

        if (description == TlmspAlert.CloseNotify)
        {
            IsClosed = true;
        }
        else if (++_warnings > MaxWarnings)
        {
            throw new TlmspException(Misbehaviour.WarningFlood, $"{_warnings} in a row");
        }

        return null;
    }
}
