using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Lets interventions go between the frames of one direction of an HTTP/2 connection.</summary>
internal sealed class Http2Turn(HttpDirection direction, Http2Interventions interventions) : IInsertionTurn
{
    private bool _isInside = true;      // each side begins with a preface (RFC 9113 §3.4)

    /// <inheritdoc/>
    public bool MaySend(PassingContainer container) =>
        container.DataBytes == 0 || interventions.Window(direction).MaySend(container.DataBytes);

    /// <inheritdoc/>
    public void OnSent(PassingContainer container)
    {
        _isInside = container.LeavesOpen ?? _isInside;
        if (container.DataBytes > 0)
        {
            interventions.Window(direction).OnSent(container.DataBytes);
        }
    }

    /// <inheritdoc/>
    public void Insert(ContainerRelay relay, IBufferWriter<byte> output, bool isEmpty)
    {
        if (!_isInside)
        {
            interventions.Insert(direction, relay, output, isEmpty);
        }
    }
}
