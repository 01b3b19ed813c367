namespace Tlmsp.Middlebox;

/// <summary>What is known of a part of a message, whether it can be read or not.</summary>
/// <param name="IsSealed">True when this middlebox has no right to read it.</param>
/// <param name="Bytes">
/// How much of it has passed. Of a sealed part it is what its containers hold, which includes framing; over HTTP/2, where sealed containers
/// tell no stream, it stays 0.
/// </param>
/// <param name="FirstAt">When its first byte passed; default before that.</param>
/// <param name="LastAt">When its last byte so far passed; default before that.</param>
public readonly record struct InspectedPart(bool IsSealed, long Bytes, DateTimeOffset FirstAt, DateTimeOffset LastAt)
{
    internal InspectedPart Add(long bytes, DateTimeOffset now) =>
        this with { Bytes = Bytes + bytes, FirstAt = Bytes == 0 ? now : FirstAt, LastAt = now };
}
