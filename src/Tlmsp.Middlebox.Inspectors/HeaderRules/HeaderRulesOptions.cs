using System.Text.RegularExpressions;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>What a rule does with a message that meets its conditions.</summary>
public enum HeaderRuleAction
{
    /// <summary>The message passes whatever later rules deny; their changes count all the same.</summary>
    Allow,

    /// <summary>The message is denied, unless an earlier rule allows it.</summary>
    Deny,

    /// <summary>A field is added, beside those of the same name.</summary>
    Add,

    /// <summary>A field is given one value, in the place of all that it has.</summary>
    Set,

    /// <summary>All fields of the name are removed.</summary>
    Remove,
}

/// <summary>
/// A rule: conditions, all of which must hold, and what is done then. Without a condition it is for every message of its direction.
/// </summary>
public sealed class HeaderRule
{
    /// <summary>What is done.</summary>
    public HeaderRuleAction? Action { get; set; }

    /// <summary>Which messages it is for. Default: requests.</summary>
    public HttpDirection Direction { get; set; }

    /// <summary>Condition: the method of the request, in any letter case.</summary>
    public string? Method { get; set; }

    /// <summary>
    /// Condition: a regular expression that occurs in the target of the request, as sent: nothing is decoded or normalized, so a denial by
    /// target can be evaded where the server decodes. Allow known targets instead.
    /// </summary>
    public string? Target { get; set; }

    /// <summary>Condition for <c>Allow</c> and <c>Deny</c>: a field that is there; else the field that is changed.</summary>
    public string? Field { get; set; }

    /// <summary>Condition: a regular expression that occurs in one of the values of <see cref="Field"/>.</summary>
    public string? Matches { get; set; }

    /// <summary>The value to add or set.</summary>
    public string? Value { get; set; }
}

/// <summary>Rules on heads, applied in order.</summary>
public sealed class HeaderRulesOptions : InspectorOptions
{
    /// <summary>The rules.</summary>
    public IList<HeaderRule> Rules { get; } = [];

    /// <summary>What becomes of what is denied: 403, or the connection is closed. Default: it is closed.</summary>
    public DenyAction OnDeny { get; set; }

    internal override void Check(ICollection<string> problems)
    {
        if (Rules.Count == 0)
        {
            problems.Add("there are no rules. Add one to Rules, such as { \"Action\": \"Deny\", \"Field\": \"X-Debug\" }.");
        }

        for (int i = 0; i < Rules.Count; i++)
        {
            foreach (string problem in Problems(Rules[i]))
            {
                problems.Add($"Rules:{i} {problem}");
            }
        }
    }

    private static IEnumerable<string> Problems(HeaderRule rule)
    {
        bool changes = rule.Action is HeaderRuleAction.Add or HeaderRuleAction.Set or HeaderRuleAction.Remove;
        if (rule.Action is not { } action || !Enum.IsDefined(action))
        {
            yield return $"has no Action. Set it to one of {string.Join(", ", Enum.GetNames<HeaderRuleAction>())}.";
        }

        if (rule.Field is not null ? !AccessLogOptions.IsFieldName(rule.Field) : changes || rule.Matches is not null)
        {
            yield return $"has the Field '{rule.Field}'. Set it to a field name, such as X-Debug.";
        }

        if (changes && rule.Field is { } name && InspectedMessage.FramesMessages(name))
        {
            yield return $"changes {name}, which frames or routes messages. Remove the rule.";
        }

        bool takesValue = rule.Action is HeaderRuleAction.Add or HeaderRuleAction.Set;
        if (takesValue != rule.Value is not null)
        {
            yield return takesValue
                ? "has no Value. Set it to what the field is to hold."
                : "has a Value, which only Add and Set take. Remove it.";
        }
        else if (takesValue && AccessLogOptions.IsFieldName(rule.Field) && !HttpSyntax.IsField(rule.Field!, rule.Value!))
        {
            yield return "has a Value that no field can hold. Write Latin-1 without line breaks and surrounding white space.";
        }

        if (rule.Direction == HttpDirection.Response && (rule.Method ?? rule.Target) is not null)
        {
            yield return "is for responses, which have neither Method nor Target. Remove them, or make it a rule for requests.";
        }

        (string, string?)[] patterns = [(nameof(rule.Target), rule.Target), (nameof(rule.Matches), rule.Matches)];
        foreach ((string key, string? pattern) in patterns)
        {
            if (pattern is not null && Patterns.Problem(pattern) is { } problem)
            {
                yield return $"has a regular expression in {key} that cannot be used: {problem}";
            }
        }
    }
}

/// <summary>Regular expressions that take linear time, as they meet what strangers send.</summary>
internal static class Patterns
{
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    public static Regex Create(string pattern, bool ignoreCase = false) =>
        new(pattern, ignoreCase ? Linear | RegexOptions.IgnoreCase : Linear);

    /// <returns>Why a pattern cannot be used; null where it can.</returns>
    public static string? Problem(string pattern)
    {
        try
        {
            Create(pattern);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return e.Message + " Look-around, back references and atomic groups are not available.";
        }
    }
}
