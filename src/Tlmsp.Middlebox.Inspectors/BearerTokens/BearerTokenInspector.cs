using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>
/// Lets requests pass that bring a valid token, whether it is seen with the head or as a sensitive field without it. Without heads a
/// request that has no sensitive field at all shows nothing: of those it stops the ones whose content follows.
/// </summary>
internal sealed class BearerTokenInspector(BearerTokenValidator validator) : ITlmspInspector
{
    private const int BlankLine = 2;
    private readonly List<string> _seen = [];
    private bool _headWithoutSecrets;

    public IReadOnlyList<InspectorNeedsAttribute> Needs =>
    [
        // That of heads, where sensitive fields have no context of their own.
        new(HttpDirection.Request, HttpRole.Secret, TlmspAccess.Read),
        .. Denial.Needs(validator.Options.OnDeny),
    ];

    public async ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        if (message.Direction != HttpDirection.Request)
        {
            return default;
        }

        string? problem = await validator.FindProblemAsync(Values(message.Head!.Fields)).ConfigureAwait(false);
        return problem is null ? default : Denial.Deny(
            validator.Options.OnDeny, message, 401, problem, new HttpField("WWW-Authenticate", "Bearer"));
    }

    public async ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken)
    {
        if (message.Direction != HttpDirection.Request)
        {
            return default;
        }

        // They may come in several containers; only heads in between tell requests apart.
        _headWithoutSecrets = false;
        _seen.AddRange(Values(fields));
        string? problem = await validator.FindProblemAsync(_seen).ConfigureAwait(false);
        return problem is null ? default : InspectionVerdict.Close(problem);
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken)
    {
        if (direction != HttpDirection.Request)
        {
            return ValueTask.CompletedTask;
        }

        if (role == HttpRole.Head)
        {
            _seen.Clear();
            // The blank line of a head with sensitive fields is on its own, behind them (http-mapping §9).
            _headWithoutSecrets = length != BlankLine;
        }
        else if (role == HttpRole.Content && _headWithoutSecrets)
        {
            throw new InvalidOperationException("a request with content has no sensitive fields, so it brings no token");
        }

        return ValueTask.CompletedTask;
    }

    private static string[] Values(IEnumerable<HttpField> fields) =>
    [
        .. fields.Where(field => string.Equals(field.Name, "Authorization", StringComparison.OrdinalIgnoreCase))
            .Select(field => field.Value),
    ];
}
