using System.Buffers;

namespace Tlmsp.Middlebox;

/// <summary>Knows, in one direction, when something of the middlebox's own can go between what passes.</summary>
internal interface IInsertionTurn
{
    /// <summary>Whether the receiver takes a container now.</summary>
    bool MaySend(PassingContainer container);

    /// <summary>A container went on.</summary>
    void OnSent(PassingContainer container);

    /// <summary>Sends what is due.</summary>
    /// <param name="relay">The direction.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="isEmpty">Whether nothing waits that has come before.</param>
    void Insert(ContainerRelay relay, IBufferWriter<byte> output, bool isEmpty);
}
