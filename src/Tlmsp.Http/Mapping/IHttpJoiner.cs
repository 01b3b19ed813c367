using System.Buffers;

namespace Tlmsp.Http;

/// <summary>
/// Puts containers together into the HTTP stream that an endpoint reads, and refuses every byte that is not in the context of its role
/// (http-mapping §12). Not safe for concurrent use.
/// </summary>
internal interface IHttpJoiner
{
    /// <summary>True between messages.</summary>
    bool IsAtMessageBoundary { get; }

    /// <summary>
    /// True when an end of the connection would cut something off: inside a message, or before the first response. Between later messages
    /// it is the ordinary end of a persistent connection (RFC 9112 §9.5).
    /// </summary>
    bool IsEndPremature { get; }

    /// <summary>True when HTTP is over, and what arrives is a tunnel's, for which the end of the connection is none.</summary>
    bool IsTunnel { get; }

    /// <summary>True when the other side has ended its direction of the tunnel.</summary>
    bool HasTunnelEnded { get; }

    /// <summary>Takes a container. Its bytes reach <paramref name="joined"/> only when all of them are in place.</summary>
    /// <param name="role">What the profile says of its context.</param>
    /// <param name="contextId">Its context, which says more than the role where several have the same.</param>
    /// <param name="plaintext">Its bytes.</param>
    /// <param name="joined">Takes the stream.</param>
    /// <exception cref="HttpMappingException">The container breaks the mapping; end the connection.</exception>
    void Accept(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined);

    /// <summary>
    /// How many messages have arrived whole, interim responses (1xx) not counted: the number of the one that is due or under way. 0 over HTTP/2.
    /// </summary>
    long MessageNumber { get; }

    /// <summary>The part of a message that the next container of a role belongs to.</summary>
    HttpMessagePart PartOf(HttpRole role);

    /// <summary>As <see cref="Accept"/>, and says which messages the container has bytes of: numbers, over HTTP/2 streams.</summary>
    void AcceptTouched(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined, ICollection<long> messages);

    /// <summary>A middlebox with the right to do so deleted containers: fine between messages, fatal inside one (http-mapping §13).</summary>
    /// <exception cref="HttpMappingException">Part of a message was deleted.</exception>
    void Deleted(string middlebox, HttpRole role);

    /// <summary>The other side will not send any more.</summary>
    /// <exception cref="HttpMappingException">A message is incomplete or the first response is missing: the end of a connection never ends one.</exception>
    void EndOfInput();
}
