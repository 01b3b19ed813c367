using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Application data as an endpoint receives it, after every check of the record layer (records-keys.md §4.3).</summary>
public readonly ref struct ReceivedContainer
{
    private readonly OpenedContainer _container;

    internal ReceivedContainer(in OpenedContainer container) => _container = container;

    /// <summary>The context the data travelled in, 1 to 255.</summary>
    public byte ContextId => _container.Parts.ContextId;

    /// <summary>The data; valid only during the call. Empty for a delete notice.</summary>
    public ReadOnlySpan<byte> Plaintext => _container.Plaintext;

    /// <summary>Entity that put the container on the path: the far endpoint, or the middlebox that inserted it or deleted something.</summary>
    public byte Origin => _container.Origin;

    /// <summary>Entity that made the content as it is now: <see cref="Origin"/>, or a middlebox that changed it on the way.</summary>
    public byte Author => _container.Author;

    /// <summary>True when a middlebox inserted the container.</summary>
    public bool IsInserted => _container.Parts.IsInserted;

    /// <summary>True when the container stands for others that a middlebox deleted.</summary>
    public bool IsDeleted => _container.Parts.IsDeleted;

    /// <summary>
    /// True for a delete notice of what its middlebox had inserted itself, before it left: nothing that anybody else sent is missing.
    /// Middleboxes of the reference send it when they change the middle of a container.
    /// </summary>
    public bool IsOwnDeletion => _container.IsOwnDeletion;

    /// <summary>True when the context is audited: then the trail has proved which entities it passed.</summary>
    public bool IsAudited => _container.Parts.IsAudited;

    /// <summary>How many containers a delete notice stands for.</summary>
    public long DeletedCount => (long)_container.DeletedCount;
}

/// <summary>Takes containers from a <see cref="ContainerReader"/>.</summary>
public interface IContainerReceiver
{
    /// <summary>Called once per container, in order. An exception ends the connection.</summary>
    /// <param name="container">The container; nothing of it may be kept after the call.</param>
    void OnContainer(in ReceivedContainer container);
}
