using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Lets interventions go between the frames of one direction of an HTTP/2 connection.</summary>
internal sealed class Http2Turn(HttpDirection direction, Http2Interventions interventions) : IInsertionTurn
{
    private bool _isInside = true;      // each side begins with a preface (RFC 9113 §3.4)

    /// <inheritdoc/>
    public bool TrySend(PassingContainer container, ContainerRelay relay, IBufferWriter<byte> output)
    {
        Http2Window window = interventions.Window(direction);
        if (container.DataBytes > 0 && !window.MaySend(container.DataBytes))
        {
            if (container.SendPart(relay, window.Left, output) is { } octets)
            {
                window.OnSent(octets);
                _isInside = false;
            }

            return false;
        }

        container.Send(relay, output);
        container.Outgoing?.ForEach(outgoing => interventions.Begin(direction, outgoing));
        interventions.Confirm(direction, container.Confirmations);
        _isInside = container.LeavesOpen ?? _isInside;
        if (container.DataBytes > 0)
        {
            window.OnSent(container.DataBytes);
        }

        return true;
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
