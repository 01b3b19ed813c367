using System.Buffers;

namespace Tlmsp.Middlebox;

/// <summary>Sends the containers of one direction on, and knows when something of the middlebox's own can go between them.</summary>
internal interface IInsertionTurn
{
    /// <summary>Sends a container on, if its receiver takes it now.</summary>
    /// <returns>False when it, or a part of it, has to wait.</returns>
    bool TrySend(PassingContainer container, ContainerRelay relay, IBufferWriter<byte> output);

    /// <summary>Sends what is due.</summary>
    /// <param name="relay">The direction.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="isEmpty">Whether nothing waits that has come before.</param>
    void Insert(ContainerRelay relay, IBufferWriter<byte> output, bool isEmpty);
}
