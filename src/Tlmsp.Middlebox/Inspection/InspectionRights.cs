using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>What a grant lets a middlebox do with the messages of one direction.</summary>
/// <param name="Head">Heads and trailers.</param>
/// <param name="Content">Content; of named content contexts that of the message, where its head can be read, else the one with most rights.</param>
/// <param name="Secret">Sensitive fields; as <paramref name="Head"/> where they have no context of their own.</param>
/// <param name="Control">Control frames of HTTP/2; as <paramref name="Head"/> where they have no context of their own.</param>
public readonly record struct InspectionRights(TlmspAccess Head, TlmspAccess Content, TlmspAccess Secret, TlmspAccess Control)
{
    /// <summary>Whether heads can be read.</summary>
    public bool ReadsHead => Head >= TlmspAccess.Read;

    /// <summary>Whether content can be read.</summary>
    public bool ReadsContent => Content >= TlmspAccess.Read;

    /// <summary>Whether heads can be changed.</summary>
    public bool WritesHead => Head == TlmspAccess.Write;

    /// <summary>Whether content can be changed.</summary>
    public bool WritesContent => Content == TlmspAccess.Write;

    /// <summary>The rights that a grant gives under a profile.</summary>
    /// <param name="profile">The contexts.</param>
    /// <param name="grant">What was granted.</param>
    /// <param name="direction">The direction.</param>
    /// <param name="message">The head of a message, which chooses among content contexts; null for messages of the direction at large.</param>
    public static InspectionRights Of(HttpProfile profile, Grant grant, HttpDirection direction, HttpHead? message = null)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(grant);
        TlmspAccess head = grant[profile.IdOf(direction, HttpRole.Head)];
        byte[] ids = profile.ContentIdsIn(direction);
        return new InspectionRights(
            head,
            message is null ? ids.Max(id => grant[id]) : grant[ids[profile.Contents?.IndexIn(message) ?? 0]],
            profile.Has(HttpRole.Secret) ? grant[profile.IdOf(direction, HttpRole.Secret)] : head,
            grant[profile.IdOf(direction, HttpRole.Control)]);
    }

    /// <summary>The right to a part.</summary>
    public TlmspAccess To(HttpRole role) => role switch
    {
        HttpRole.Head => Head,
        HttpRole.Content => Content,
        HttpRole.Secret => Secret,
        HttpRole.Control => Control,
        _ => TlmspAccess.None,
    };
}
