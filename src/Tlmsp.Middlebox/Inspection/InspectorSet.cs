using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Who looks at the messages of one connection, in order.</summary>
/// <param name="All">The inspectors, made for the connection.</param>
/// <param name="Sinks">Who hears what became of messages.</param>
/// <param name="OfBytes">Who looks at connections that do not carry HTTP.</param>
internal sealed record InspectorSet(ITlmspInspector[] All, IInspectionSink[] Sinks, ITlmspByteInspector[] OfBytes)
{
    /// <summary>Whether there is anybody who looks at HTTP.</summary>
    public bool IsEmpty => All.Length == 0 && Sinks.Length == 0;

    /// <summary>The name of an inspector in logs and audits.</summary>
    public static string NameOf(object inspector) => ((inspector as FailOpenInspector)?.Inner ?? inspector).GetType().Name;

    /// <summary>Whether one of them means to change content.</summary>
    public bool WritesContent(HttpDirection direction) => Array.Exists(All, inspector => inspector.Needs.Any(
        need => need.Direction == direction && need is { Role: HttpRole.Content, Access: TlmspAccess.Write }));

    /// <summary>Looks for a right that an inspector cannot do without and the grant does not give.</summary>
    /// <param name="rights">Those of the grant.</param>
    /// <returns>Which inspector lacks what; null where nothing is missing.</returns>
    public string? FindLack(Func<HttpDirection, InspectionRights> rights)
    {
        foreach (ITlmspInspector inspector in All)
        {
            foreach (InspectorNeedsAttribute need in inspector.Needs)
            {
                if (rights(need.Direction).To(need.Role) < need.Access)
                {
                    return $"{NameOf(inspector)} needs the right to {need.Access.ToString().ToLowerInvariant()} the "
                        + $"{need.Role.ToString().ToLowerInvariant()} of {(need.Direction == HttpDirection.Request ? "requests" : "responses")}, "
                        + "which was not granted. Have client and server grant it, or remove the inspector.";
                }
            }
        }

        return null;
    }
}
