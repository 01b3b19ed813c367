using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Looks at the messages that pass, as far as the grants let it, and decides what becomes of them. One instance per connection, made and
/// disposed of with the scope of its connection; inspectors are called in the order they were added. The calls for the two directions may
/// overlap, those for one direction come in order. What a call is about is sent on only after the call has returned: an exception, or a
/// call that takes longer than <see cref="TlmspMiddleboxHostOptions.InspectorTimeout"/>, ends the connection with alerts to both sides and
/// nothing of it passed on.
/// </summary>
/// <remarks>
/// <para>
/// What was not granted is absent, not an error: <see cref="InspectedMessage.Head"/> is null where heads are sealed, and the parts of a
/// message say how long the sealed ones were. Changes, answers and drops need rights, which an inspector states with
/// <see cref="InspectorNeedsAttribute"/>; one that goes beyond the grant nevertheless fails, and its connection with it.
/// </para>
/// <para>
/// A call that takes too long is told so by its cancellation token and then left to itself; what it holds, such as its thread where it
/// blocks, is held until it returns. The instance is disposed of only then.
/// </para>
/// <para>
/// Content and heads that were only read could still have been changed by another reader upstream: an endpoint finds that out, a reader
/// cannot (records-keys.md §5). Verdicts that cannot be undone must not rest on them.
/// </para>
/// </remarks>
public interface ITlmspInspector
{
    /// <summary>
    /// The rights it cannot do without: checked before anything passes. Content may change its length only where an inspector states here
    /// that it writes content. Default: those of its attributes.
    /// </summary>
    IReadOnlyList<InspectorNeedsAttribute> Needs => InspectorNeedsAttribute.Of(GetType());

    /// <summary>The handshake is complete. Nothing is relayed before this returns.</summary>
    ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>A head passes: of a request, a 1xx response or a final response; only with read access to heads.</summary>
    /// <param name="message">The message that begins.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) => default;

    /// <summary>
    /// Sensitive fields pass, in a context of their own; only with read access to that and not to heads. With both they are among the
    /// fields of <see cref="InspectedMessage.Head"/>.
    /// </summary>
    /// <param name="message">The message that they belong to; its head is sealed.</param>
    /// <param name="fields">The fields.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken) => default;

    /// <summary>
    /// Content passes; only with read access to content. Over HTTP/1.1 and without read access to heads it includes chunk framing where the
    /// message is chunked.
    /// </summary>
    /// <param name="message">The message; over HTTP/2 content of several messages takes turns.</param>
    /// <param name="content">What passes now, and what earlier verdicts held back; valid until the call returns.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken) => default;

    /// <summary>A trailer section passes, <see cref="InspectedMessage.Trailers"/>; only with read access to heads.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask<InspectionVerdict> OnTrailersAsync(InspectedMessage message, CancellationToken cancellationToken) => default;

    /// <summary>A message is complete, as far as this middlebox can tell.</summary>
    /// <param name="message">The message.</param>
    /// <param name="held">What earlier verdicts held back, to be decided on now; empty where nothing was.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask<InspectionVerdict> OnMessageEndAsync(
        InspectedMessage message, InspectedContent held, CancellationToken cancellationToken) => default;

    /// <summary>An HTTP/2 stream was reset. Called for each of its messages that will not be complete.</summary>
    /// <param name="message">The message; the request, where that is complete and its answer has not begun.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask OnMessageAbortedAsync(InspectedMessage message, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Data passes in a tunnel, after 101 or after a 2xx response to CONNECT; only with read access to the tunnel context. There are no
    /// messages in its connection any more.
    /// </summary>
    /// <param name="direction">Where it goes.</param>
    /// <param name="data">Without the tunnel's framing, cut anywhere; valid until the call returns.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    /// <returns><see cref="InspectionVerdict.Forward"/> or to close the connection.</returns>
    ValueTask<InspectionVerdict> OnTunnelAsync(
        HttpDirection direction, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => default;

    /// <summary>Something passes that this middlebox cannot read.</summary>
    /// <param name="direction">Where it goes.</param>
    /// <param name="role">What it is part of.</param>
    /// <param name="length">Its length in bytes, more than 0.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;
}
