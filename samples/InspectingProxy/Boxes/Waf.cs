using System.Text.RegularExpressions;
using Tlmsp;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace InspectingProxy.Boxes;

/// <summary>
/// Lets requests for known targets pass, and ends the connections of others. What is known is listed, not what is forbidden: a server decodes
/// targets, so a forbidden one can be written in many ways.
/// </summary>
/// <param name="allowed">Matches known targets as a whole.</param>
[InspectorNeeds(HttpDirection.Request, HttpRole.Head, TlmspAccess.Read)]
internal sealed class Waf(Regex allowed) : ITlmspInspector
{
    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) =>
        new(message.Direction == HttpDirection.Response || allowed.IsMatch(message.Head!.Target ?? "")
            ? InspectionVerdict.Forward
            : InspectionVerdict.Close("the target is not among those that are allowed"));
}
