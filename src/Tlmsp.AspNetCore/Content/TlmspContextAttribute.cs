using Tlmsp.Http;

namespace Tlmsp.AspNetCore;

/// <summary>
/// Names the content context of an endpoint: its requests have to bring their content there, and its responses do. On controllers and
/// actions, of which the action's counts; <c>WithTlmspContext("pii")</c> on minimal APIs. Needs <c>AddTlmspContexts()</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class TlmspContextAttribute : Attribute
{
    /// <summary>Names it.</summary>
    /// <param name="name">A name of <see cref="HttpProfile.WithContent"/>, such as <c>pii</c>.</param>
    /// <exception cref="ArgumentException">It cannot be the name of a content context.</exception>
    public TlmspContextAttribute(string name)
    {
        HttpContentSet.CheckName(name);
        Name = name;
    }

    /// <summary>The name.</summary>
    public string Name { get; }
}
