namespace Tlmsp.Middlebox;

/// <summary>Content that passes, for one call of an inspector. An inspector after one that changed it sees what it was changed to.</summary>
public sealed class InspectedContent
{
    /// <summary>The bytes; valid until the call returns.</summary>
    public ReadOnlyMemory<byte> Memory { get; private set; }

    /// <summary>Whether the grant lets it be changed.</summary>
    public bool CanWrite { get; private set; }

    /// <summary>
    /// Whether it may become longer or shorter: where the framing of the message is in reach of this middlebox and leaves its length open
    /// (http-mapping §4); over HTTP/2 where this is all that is left of a message that is complete, and control frames may be written.
    /// </summary>
    public bool CanResize { get; private set; }

    /// <summary>Whether an inspector has replaced it.</summary>
    public bool IsReplaced { get; private set; }

    /// <summary>Sends other bytes on in its place.</summary>
    /// <param name="bytes">They are not copied: leave them alone until the next call.</param>
    /// <exception cref="InvalidOperationException">The grant has no write access, or the length would change where it must not.</exception>
    public void Replace(ReadOnlyMemory<byte> bytes)
    {
        if (!CanWrite)
        {
            throw new InvalidOperationException("Content cannot be changed: this middlebox was not granted write access to it.");
        }

        if (!CanResize && bytes.Length != Memory.Length)
        {
            throw new InvalidOperationException(
                $"Content of {Memory.Length} bytes cannot become {bytes.Length}: its length is fixed by what this middlebox cannot change.");
        }

        Memory = bytes;
        IsReplaced = true;
    }

    internal void Set(ReadOnlyMemory<byte> memory, bool canWrite, bool canResize)
    {
        Memory = memory;
        CanWrite = canWrite;
        CanResize = canResize;
        IsReplaced = false;
    }
}
