using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>An answer that a middlebox gives in the server's place.</summary>
/// <param name="StatusCode">200 to 599.</param>
public sealed record InspectionResponse(int StatusCode)
{
    /// <summary>Its fields. <c>Content-Length</c> and <c>Date</c> are added.</summary>
    public IReadOnlyList<HttpField> Fields { get; init; } = [];

    /// <summary>Its content; default none.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }
}
