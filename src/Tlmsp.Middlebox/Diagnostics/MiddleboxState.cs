namespace Tlmsp.Middlebox;

/// <summary>How a middlebox is, for who asks after its health.</summary>
internal sealed class MiddleboxState
{
    /// <summary>Whether it listens.</summary>
    public bool IsListening { get; set; }

    /// <summary>Whether it accepts connections, or at least means to.</summary>
    public bool IsAccepting { get; set; }

    /// <summary>Whether it lets what is under way come to its end, and takes nothing new.</summary>
    public bool IsDraining { get; set; }

    /// <summary>The certificate in use.</summary>
    public TlmspCertificate? Certificate { get; set; }
}
