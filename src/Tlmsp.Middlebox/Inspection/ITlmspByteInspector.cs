using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Looks at the bytes of connections whose contexts are not those of HTTP; called as <see cref="ITlmspInspector"/> is. One instance per
/// connection. Connections with HTTP contexts it is not shown.
/// </summary>
public interface ITlmspByteInspector
{
    /// <summary>The handshake is complete. Nothing is relayed before this returns.</summary>
    ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>A container passes that can be read.</summary>
    /// <param name="contextId">Its context.</param>
    /// <param name="direction">Where it goes.</param>
    /// <param name="bytes">What is in it; with write access it may be replaced, by any length.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    /// <returns><see cref="InspectionVerdict.Forward"/> or <see cref="InspectionVerdict.Close"/>: only HTTP has messages to hold or answer.</returns>
    ValueTask<InspectionVerdict> OnBytesAsync(
        byte contextId, HttpDirection direction, InspectedContent bytes, CancellationToken cancellationToken);

    /// <summary>A container passes that cannot be read.</summary>
    /// <param name="contextId">Its context.</param>
    /// <param name="direction">Where it goes.</param>
    /// <param name="length">How many bytes are in it.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask OnOpaqueAsync(byte contextId, HttpDirection direction, int length, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
