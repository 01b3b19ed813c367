using Tlmsp.Http;

namespace Tlmsp.Middlebox.Admin;

/// <summary>A path on the live page. Guarded by the lock of its feed, but for what never changes.</summary>
internal sealed class LivePath
{
    private readonly LiveMessage?[] _current = new LiveMessage?[2];

    public LivePath(long number, InspectionContext context, DateTimeOffset now)
    {
        Number = number;
        Context = context;
        OpenedAt = now;
        Profile = HttpProfile.Read(context.Session.Contexts, out _);
        if (Profile is not null)
        {
            Rights =
            [
                InspectionRights.Of(Profile, context.Grant, HttpDirection.Request),
                InspectionRights.Of(Profile, context.Grant, HttpDirection.Response),
            ];
        }

        Contexts = [.. context.Session.Contexts.Select(each => new LiveContext(each.Id, NameOf(each), each.Audited))];
    }

    public long Number { get; }

    public InspectionContext Context { get; }

    /// <summary>Null where the contexts are not those of HTTP.</summary>
    public HttpProfile? Profile { get; }

    public LiveContext[] Contexts { get; }

    public InspectionRights[] Rights { get; } = [default, default];

    public DateTimeOffset OpenedAt { get; }

    public DateTimeOffset? ClosedAt { get; set; }

    public string? Fault { get; set; }

    public long Messages { get; set; }

    public bool IsHttp2 => Profile?.Version == HttpWireVersion.Http2;

    /// <summary>The messages that inspectors were shown and that have not ended.</summary>
    public Dictionary<InspectedMessage, LiveMessage> Open { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>The message of HTTP/1.1 that passes in a direction.</summary>
    public ref LiveMessage? Current(HttpDirection direction) => ref _current[(int)direction];

    /// <summary>
    /// Name of the context that something travels in. Of named content contexts a box that cannot read the head cannot tell which: the
    /// profile's own stands for them.
    /// </summary>
    public string NameOf(HttpDirection direction, HttpRole role, HttpHead? head = null)
    {
        byte id = role == HttpRole.Content && head is not null && Profile!.Contents is { } contents
            ? Profile.ContentIdsIn(direction)[contents.IndexIn(head)]
            : Profile!.IdOf(direction, role);
        return Array.Find(Contexts, context => context.Id == id)?.Name ?? role.ToString();
    }

    private static string NameOf(TlmspContext context)
    {
        string? role = context.Purpose.Split(';').FirstOrDefault(part => part.StartsWith("role=", StringComparison.Ordinal));
        return role is not null ? role["role=".Length..]
            : context.Purpose.Length > 0 ? context.Purpose
            : context.Id is HttpContexts.Headers or HttpContexts.Body ? HttpContexts.Known(context.Id).Name
            : $"context {context.Id}";
    }
}

/// <summary>A context of a path.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its role in HTTP, or its purpose.</param>
/// <param name="Audited">Whether containers carry a trail.</param>
internal sealed record LiveContext(byte Id, string Name, bool Audited);
