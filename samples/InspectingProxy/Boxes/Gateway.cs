using Tlmsp;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace InspectingProxy.Boxes;

/// <summary>
/// Lets requests pass whose token is valid. It sees sensitive fields and nothing else, so a request without any shows it nothing: that
/// there is a token the server has to demand.
/// </summary>
/// <param name="tokens">Checks them.</param>
[InspectorNeeds(HttpDirection.Request, HttpRole.Secret, TlmspAccess.Read)]
internal sealed class Gateway(Tokens tokens) : ITlmspInspector
{
    public ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken)
    {
        string[] values = [.. fields.Where(field => field.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)).Select(field => field.Value)];
        string? problem = message.Direction == HttpDirection.Response ? null
            : values is [var one] ? tokens.FindProblem(one)
            : $"the request has {values.Length} Authorization fields";
        return new(problem is null ? InspectionVerdict.Forward : InspectionVerdict.Close(problem));
    }
}
