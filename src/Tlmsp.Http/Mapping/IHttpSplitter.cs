namespace Tlmsp.Http;

/// <summary>Takes the containers that a splitter cuts.</summary>
public interface IHttpContainerSink
{
    /// <summary>Called per container, in order; never with nothing.</summary>
    void Emit(byte contextId, ReadOnlySpan<byte> plaintext);
}

/// <summary>
/// Cuts an endpoint's own HTTP output into containers: each byte in the context of its role, as few containers as possible. Not safe for
/// concurrent use.
/// </summary>
internal interface IHttpSplitter : IDisposable
{
    /// <summary>True when the next byte begins a message; never over HTTP/2, whose messages have no order.</summary>
    bool IsAtMessageBoundary { get; }

    /// <summary>How many messages were written whole, interim responses (1xx) not counted; 0 over HTTP/2.</summary>
    long MessageNumber { get; }

    /// <summary>True where nothing but <see cref="End"/> ends what was written: in a tunnel, and in a response that is held back.</summary>
    bool NeedsEnd { get; }

    /// <summary>Takes output; emits what fills containers or ends a head.</summary>
    /// <exception cref="HttpMappingException">The output cannot be mapped: nothing more must be sent on this connection.</exception>
    void Write(ReadOnlySpan<byte> data, IHttpContainerSink sink);

    /// <summary>Emits what is pending, so that everything written can be sent.</summary>
    void Flush(IHttpContainerSink sink);

    /// <summary>The application has ended its output in order: what nothing else ends is given its end.</summary>
    void End(IHttpContainerSink sink);
}
