using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>What inspectors are to be told of.</summary>
internal enum InspectionEventKind
{
    Head,
    Content,
    Secrets,
    Trailers,
    End,
    Aborted,
    Tunnel,
    Opaque,
}

/// <summary>One thing that inspectors are to be told of.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Flow">The message; null where there is none.</param>
internal readonly record struct InspectionEvent(InspectionEventKind Kind, MessageFlow? Flow)
{
    /// <summary>Where its bytes lie in the queue's buffer.</summary>
    public int Offset { get; init; }

    /// <summary>How many they are.</summary>
    public int Length { get; init; }

    /// <summary>How many bytes cannot be read.</summary>
    public int Opaque { get; init; }

    /// <summary>Of what cannot be read.</summary>
    public HttpRole Role { get; init; }

    /// <summary>Sensitive fields without their head.</summary>
    public IReadOnlyList<HttpField>? Fields { get; init; }
}
