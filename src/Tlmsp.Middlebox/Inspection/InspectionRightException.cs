using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>An inspector decided something that the grant of its connection does not let it do.</summary>
/// <param name="what">What it wanted.</param>
/// <param name="direction">The direction in which the right is missing.</param>
/// <param name="role">The part of the message.</param>
/// <param name="access">The right.</param>
public sealed class InspectionRightException(string what, HttpDirection direction, HttpRole role, TlmspAccess access)
    : InvalidOperationException($"{what} needs the right to {access.ToString().ToLowerInvariant()} "
        + $"the {role.ToString().ToLowerInvariant()} of {(direction == HttpDirection.Request ? "requests" : "responses")}, which was not granted.")
{
    /// <summary>The direction in which the right is missing.</summary>
    public HttpDirection Direction { get; } = direction;

    /// <summary>The part of the message.</summary>
    public HttpRole Role { get; } = role;

    /// <summary>The right.</summary>
    public TlmspAccess Access { get; } = access;
}
