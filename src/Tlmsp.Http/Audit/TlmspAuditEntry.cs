namespace Tlmsp.Http;

/// <summary>What a middlebox did.</summary>
public enum TlmspAuditAction
{
    /// <summary>It put data of its own on the path.</summary>
    Inserted,

    /// <summary>It changed data of somebody else.</summary>
    Changed,

    /// <summary>It took data of somebody else off the path.</summary>
    Deleted,
}

/// <summary>What a middlebox did to a part of a message, proved by the trails of an audited context.</summary>
/// <param name="Middlebox">Who.</param>
/// <param name="Action">What.</param>
/// <param name="Part">Where. Something that was deleted between two messages counts as head of the second.</param>
/// <param name="Containers">To how many containers; at least 1.</param>
public sealed record TlmspAuditEntry(TlmspPathMiddlebox Middlebox, TlmspAuditAction Action, HttpMessagePart Part, long Containers);

/// <summary>What is known of a message as a whole.</summary>
public enum TlmspAuditVerdict
{
    /// <summary>Nothing was found, but not every context is audited: a middlebox that may write there could have done anything.</summary>
    NotAudited,

    /// <summary>Every context is audited, and no middlebox has done anything to what was read so far.</summary>
    Untouched,

    /// <summary>A middlebox has inserted, changed or deleted something.</summary>
    Touched,
}
