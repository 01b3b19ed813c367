namespace Tlmsp.Http;

/// <summary>Turns the containers of one direction into messages for a middlebox, as far as its grants let it see.</summary>
internal interface IHttpMessageObserver
{
    /// <summary>A container that can be read passed.</summary>
    /// <param name="role">What the profile says of its context.</param>
    /// <param name="contextId">Its context, which says more than the role where several have the same; 0 where that is not known.</param>
    /// <param name="plaintext">Its bytes.</param>
    /// <param name="events">Hears what is in it.</param>
    /// <exception cref="HttpMappingException">It breaks the mapping: fail closed.</exception>
    void OnContainer(HttpRole role, byte contextId, ReadOnlySpan<byte> plaintext, IHttpMessageEvents events);

    /// <summary>A container that cannot be read passed.</summary>
    /// <exception cref="HttpMappingException">It is in the middle of something: fail closed.</exception>
    void OnOpaque(HttpRole role, int length, IHttpMessageEvents events);
}
