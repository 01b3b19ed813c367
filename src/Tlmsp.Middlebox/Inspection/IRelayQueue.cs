using System.Buffers;

namespace Tlmsp.Middlebox;

/// <summary>Containers of one direction that wait until somebody has looked at them.</summary>
internal interface IRelayQueue
{
    /// <summary>Says how long those who look have been at work.</summary>
    InspectorWatch Watch { get; }

    /// <summary>Whether the connection is to end once what was decided on has been sent.</summary>
    bool IsOver { get; }

    /// <summary>Whether what waits keeps the sender from sending what it waits for. Called on any thread.</summary>
    bool IsStuck => false;

    /// <summary>How much waits, in bytes of records.</summary>
    long HeldBytes { get; }

    /// <summary>Opens the next record.</summary>
    /// <returns>False when no whole record is there yet.</returns>
    bool TryTake(ContainerRelay relay, ref ReadOnlySequence<byte> input);

    /// <summary>Shows everything that was opened.</summary>
    ValueTask InspectAsync(CancellationToken cancellationToken);

    /// <summary>Sends on what has been decided on.</summary>
    void Release(ContainerRelay relay, IBufferWriter<byte> output);

    /// <summary>Gives up what a busy connection keeps to work with.</summary>
    void Trim();

    /// <summary>Gives back what nobody will send on.</summary>
    void Discard(ContainerRelay relay);
}
