namespace Tlmsp.Http;

/// <summary>What becomes of a notice that a middlebox deleted something of others.</summary>
public enum HttpDeletionPolicy
{
    /// <summary>
    /// Accepted between messages, from a middlebox that may delete in every context, where the context is audited. Anything else ends the
    /// connection (http-mapping §13).
    /// </summary>
    BetweenMessages,

    /// <summary>Every one ends the connection.</summary>
    Refuse,
}
