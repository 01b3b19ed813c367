using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>What an inspector is told about the connection it looks at.</summary>
/// <param name="ConnectionId">Identifier in the logs.</param>
/// <param name="Session">What was agreed on the path.</param>
/// <param name="Grant">What this middlebox was granted.</param>
public sealed record InspectionContext(string ConnectionId, TlmspSessionInfo Session, Grant Grant);

/// <summary>
/// Looks at what passes, as far as the grants let it. One instance per connection; the calls for the two directions may overlap, those
/// for one direction come in order. What a call is about is sent on only after the call has returned: an exception, or a call that
/// takes longer than <see cref="TlmspMiddleboxHostOptions.InspectorTimeout"/>, ends the connection with alerts to both sides and nothing
/// of it passed on. Instances are made and disposed of with the scope of their connection. Where the profile has contexts per direction, a
/// middlebox that is granted one direction is shown the other as opaque.
/// </summary>
/// <remarks>
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
    /// <summary>The handshake is complete. Nothing is relayed before this returns.</summary>
    ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>A head passes; only with read access to heads.</summary>
    ValueTask OnHeadAsync(HttpHead head, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Content passes; only with read access to content. Without read access to heads it includes chunk framing where the message is
    /// chunked. The memory is valid until the call returns.
    /// </summary>
    ValueTask OnContentAsync(HttpDirection direction, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    /// <summary>
    /// The same, with the stream that the content belongs to; this is what is called. Over HTTP/2 content of several messages takes turns:
    /// an inspector that looks at more than single calls implements this one.
    /// </summary>
    /// <param name="direction">Where the content goes.</param>
    /// <param name="streamId">The <see cref="HttpHead.StreamId"/> of the message; 0 over HTTP/1.1.</param>
    /// <param name="content">Valid until the call returns.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask OnContentAsync(HttpDirection direction, int streamId, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        OnContentAsync(direction, content, cancellationToken);

    /// <summary>
    /// Sensitive fields pass, in a context of their own; only with read access to that and not to heads. With both they are among the
    /// fields of <see cref="OnHeadAsync"/>.
    /// </summary>
    ValueTask OnSecretFieldsAsync(HttpDirection direction, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    /// <summary>A trailer section passes; only with read access to heads.</summary>
    ValueTask OnTrailersAsync(HttpHead trailers, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>A message is complete, as far as this middlebox can tell.</summary>
    ValueTask OnMessageEndAsync(HttpDirection direction, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The same, with the stream that the message belongs to; this is what is called.</summary>
    /// <param name="direction">Where the message goes.</param>
    /// <param name="streamId">Its <see cref="HttpHead.StreamId"/>; 0 over HTTP/1.1.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask OnMessageEndAsync(HttpDirection direction, int streamId, CancellationToken cancellationToken) =>
        OnMessageEndAsync(direction, cancellationToken);

    /// <summary>An HTTP/2 stream was reset: its messages, in both directions, will not be complete.</summary>
    /// <param name="streamId">The <see cref="HttpHead.StreamId"/> of its messages.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    ValueTask OnMessageAbortedAsync(int streamId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Something passes that this middlebox cannot read.</summary>
    ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;
}
