using System.Text.RegularExpressions;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Applies rules to heads.</summary>
internal sealed class HeaderRulesInspector(HeaderRuleSet rules) : ITlmspInspector
{
    public IReadOnlyList<InspectorNeedsAttribute> Needs => rules.Needs;

    public ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken)
    {
        // Which fields are sensitive beyond the usual ones is agreed per connection: a rule that does not see its field must not pass for
        // one that has looked.
        HttpProfile? profile = HttpProfile.Read(context.Session.Contexts, out _);
        if (profile?.Secrets is { } secrets && context.Grant[HttpContexts.Secret] < rules.AccessTo(secrets))
        {
            throw new InspectionRightException(
                "A rule about a sensitive field", HttpDirection.Request, HttpRole.Secret, rules.AccessTo(secrets));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        bool isAllowed = false;
        foreach (HeaderRuleSet.Entry entry in rules.Entries)
        {
            HeaderRule rule = entry.Rule;
            if (rule.Direction != message.Direction || !entry.IsMetBy(message.Head!))
            {
                continue;
            }

            switch (rule.Action)
            {
                case HeaderRuleAction.Allow:
                    isAllowed = true;
                    break;
                case HeaderRuleAction.Deny when !isAllowed:
                    return new(Denial.Deny(rules.OnDeny, message, 403, $"Rules:{entry.Number} denies it"));
                case HeaderRuleAction.Add:
                    message.AddField(rule.Field!, rule.Value!);
                    break;
                case HeaderRuleAction.Set:
                    message.SetField(rule.Field!, rule.Value!);
                    break;
                case HeaderRuleAction.Remove:
                    message.RemoveField(rule.Field!);
                    break;
            }
        }

        return default;
    }
}

/// <summary>Rules, ready to be applied.</summary>
internal sealed class HeaderRuleSet
{
    private static readonly HttpFieldSet s_alwaysSecret = HttpFieldSet.Create([]);

    public HeaderRuleSet(HeaderRulesOptions options)
    {
        OnDeny = options.OnDeny;
        Entries = [.. options.Rules.Select((rule, number) => new Entry(rule, number))];
        bool canDeny = options.Rules.Any(rule => rule.Action == HeaderRuleAction.Deny);
        Needs =
        [
            .. options.Rules.SelectMany(NeedsOf).Distinct(),
            .. canDeny ? Denial.Needs(options.OnDeny) : [],
        ];
    }

    public DenyAction OnDeny { get; }

    public Entry[] Entries { get; }

    public InspectorNeedsAttribute[] Needs { get; }

    /// <summary>The access to sensitive fields that the rules cannot do without.</summary>
    public TlmspAccess AccessTo(HttpFieldSet secrets) => Entries
        .Where(entry => entry.Rule.Field is { } field && secrets.Contains(System.Text.Encoding.ASCII.GetBytes(field)))
        .Select(entry => AccessOf(entry.Rule)).DefaultIfEmpty(TlmspAccess.None).Max();

    private static IEnumerable<InspectorNeedsAttribute> NeedsOf(HeaderRule rule)
    {
        yield return new InspectorNeedsAttribute(rule.Direction, HttpRole.Head, AccessOf(rule));
        if (rule.Field is { } field && s_alwaysSecret.Contains(System.Text.Encoding.ASCII.GetBytes(field)))
        {
            yield return new InspectorNeedsAttribute(rule.Direction, HttpRole.Secret, AccessOf(rule));
        }
    }

    private static TlmspAccess AccessOf(HeaderRule rule) =>
        rule.Action is HeaderRuleAction.Allow or HeaderRuleAction.Deny ? TlmspAccess.Read : TlmspAccess.Write;

    /// <summary>A rule and its conditions.</summary>
    public sealed class Entry(HeaderRule rule, int number)
    {
        private readonly Regex? _target = rule.Target is null ? null : Patterns.Create(rule.Target);
        private readonly Regex? _matches = rule.Matches is null ? null : Patterns.Create(rule.Matches);

        public HeaderRule Rule { get; } = rule;

        public int Number { get; } = number;

        public bool IsMetBy(HttpHead head)
        {
            bool namesField = Rule.Field is not null
                && (_matches is not null || Rule.Action is HeaderRuleAction.Allow or HeaderRuleAction.Deny);
            return (Rule.Method is null || string.Equals(head.Method, Rule.Method, StringComparison.OrdinalIgnoreCase))
                && (_target is null || _target.IsMatch(head.Target))
                && (!namesField || head.Fields.Any(field =>
                    string.Equals(field.Name, Rule.Field, StringComparison.OrdinalIgnoreCase) && (_matches?.IsMatch(field.Value) ?? true)));
        }
    }
}
