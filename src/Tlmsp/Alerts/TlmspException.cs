namespace Tlmsp;

/// <summary>What went wrong on a TLMSP connection, and which alert says so to the peer.</summary>
/// <remarks>The message names the fault and where it was found; it never holds key material or plaintext.</remarks>
public class TlmspException : Exception
{
    /// <summary>Reports that the peer misbehaved.</summary>
    /// <param name="misbehaviour">What the peer did.</param>
    /// <param name="where">The message, field or value concerned; shown in <see cref="Exception.Message"/>.</param>
    /// <param name="contextId">The context that the alert is sent in; 0 unless a container of that context is at fault.</param>
    /// <param name="inner">The cause, if another exception led here.</param>
    public TlmspException(Misbehaviour misbehaviour, string? where = null, byte contextId = 0, Exception? inner = null)
        : this(misbehaviour, misbehaviour.Alert(), where, contextId, inner)
    {
    }

    internal TlmspException(Misbehaviour misbehaviour, TlmspAlert alert, string? where, byte contextId = 0, Exception? inner = null)
        : base(Describe(misbehaviour, alert, where, contextId), inner)
    {
        Misbehaviour = misbehaviour;
        Alert = alert;
        ContextId = contextId;
    }

    /// <summary>What the peer did.</summary>
    public Misbehaviour Misbehaviour { get; }

    /// <summary>The alert that tells the peer, or, for <see cref="Misbehaviour.AlertReceived"/>, the alert that the peer sent.</summary>
    public TlmspAlert Alert { get; }

    /// <summary>The context the alert belongs to (records-keys.md §10.2).</summary>
    public byte ContextId { get; }

    /// <summary>True when the peer ended the connection with an alert of its own: no alert is sent back.</summary>
    public bool FromPeer => Misbehaviour == Misbehaviour.AlertReceived;

    private static string Describe(Misbehaviour misbehaviour, TlmspAlert alert, string? where, byte contextId)
    {
        string place = where is null ? "" : $": {where}";
        string context = contextId == 0 ? "" : $" in context {contextId}";
        return misbehaviour == Misbehaviour.AlertReceived
            ? $"The peer sent the fatal alert {alert} ({(byte)alert}){context}{place}."
            : $"{misbehaviour}{context}{place} (alert {(byte)alert}, {alert}).";
    }
}
