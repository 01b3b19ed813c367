namespace Tlmsp.Http;

/// <summary>Named content contexts: docs/http-mapping.md, Content contexts per endpoint.</summary>
public sealed partial class HttpProfile
{
    /// <summary>The names of its content contexts; empty without any.</summary>
    public IReadOnlyList<string> ContentNames => Contents?.Names ?? [];

    /// <summary>The named content contexts; null without any.</summary>
    internal HttpContentSet? Contents { get; }

    /// <summary>
    /// This profile with further content contexts, by name. A head chooses one with the field <c>Tlmsp-Content</c>; its message's content
    /// travels there and nowhere else. Both sides must give the same names in the same order.
    /// </summary>
    /// <param name="names">1 to 16 of 1 to 32 lower-case letters, digits and hyphens, a letter first, such as <c>pii</c>.</param>
    /// <exception cref="ArgumentException">A name is none, comes twice, or there are too many.</exception>
    public HttpProfile WithContent(params string[] names) => new(Name, Version, OwnIds, Secrets, HttpContentSet.Create(names));

    /// <summary>The ids of a named content context: one where it serves both directions, else that of requests and that of responses.</summary>
    /// <exception cref="ArgumentException">The profile does not have it.</exception>
    public byte[] ContentIds(string name)
    {
        byte[] ids = [.. _contexts.Where(use => use.ContentName == name).Select(use => use.Id)];
        return ids.Length > 0 ? ids : throw NoContent(name);
    }

    /// <summary>The id of a named content context in a direction.</summary>
    /// <exception cref="ArgumentException">The profile does not have it.</exception>
    public byte ContentId(string name, HttpDirection direction) => _contexts.FirstOrDefault(
        use => use.ContentName == name && (use.Direction ?? direction) == direction) is { Id: > 0 } found ? found.Id : throw NoContent(name);

    /// <summary>
    /// Reads a grant as <see cref="HttpContexts.ParseGrant(string)"/> does, with the named content contexts of this profile: <c>resp-body:pii=r</c>,
    /// or <c>content:pii=r</c> for all contexts of that name.
    /// </summary>
    /// <exception cref="FormatException">The text is not of that form, or the profile does not have a context of that name.</exception>
    public Grant ParseGrant(string text) => HttpContexts.ParseGrant(text, [this]);

    /// <summary>The ids of all content contexts of a direction: at 0 the profile's own, then those with names, in their order.</summary>
    internal byte[] ContentIdsIn(HttpDirection direction) =>
        [IdOf(direction, HttpRole.Content), .. ContentNames.Select(name => ContentId(name, direction))];

    /// <summary>The contexts of a name in a grant; none where the profile does not have it.</summary>
    internal IEnumerable<byte> ContentIdsNamed(string name) => _contexts
        .Where(use => use.ContentName is { } content && (use.Name == name || name == $"content:{content}"))
        .Select(use => use.Id);

    /// <summary>The ids of its contexts that have no name.</summary>
    private byte[] OwnIds => [.. ContextIds.Where(id => id < HttpContentSet.FirstId)];

    private ArgumentException NoContent(string name) =>
        new($"Profile {this} has no content context '{name}'. Name it in WithContent.", nameof(name));
}
