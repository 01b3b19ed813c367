using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// A right that an inspector cannot do without. A connection whose grants lack it is refused before any data passes; where the host demands
/// grants, a lack of it is found at start-up.
/// </summary>
/// <param name="direction">The direction.</param>
/// <param name="role">The part of the message.</param>
/// <param name="access">The least right.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class InspectorNeedsAttribute(HttpDirection direction, HttpRole role, TlmspAccess access) : Attribute
{
    /// <summary>What a type of inspector states.</summary>
    public static IReadOnlyList<InspectorNeedsAttribute> Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return [.. type.GetCustomAttributes(typeof(InspectorNeedsAttribute), inherit: true).Cast<InspectorNeedsAttribute>()];
    }

    /// <summary>The direction.</summary>
    public HttpDirection Direction { get; } = direction;

    /// <summary>The part of the message.</summary>
    public HttpRole Role { get; } = role;

    /// <summary>The least right.</summary>
    public TlmspAccess Access { get; } = access;
}
