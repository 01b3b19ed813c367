using System.Buffers;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>One direction of our middlebox in the dialogue.</summary>
/// <param name="direction">Which.</param>
/// <param name="works">False when it only looks.</param>
/// <param name="saw">Takes what it sees.</param>
internal sealed class TopicHandler(RelayDirection direction, bool works, Action<byte, Arrival> saw) : IContainerRelayHandler
{
    public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
    {
        if (container.IsAlert)
        {
            return RelayAction.Forward;
        }

        byte id = container.ContextId;
        string? text = container.CanRead ? Encoding.ASCII.GetString(container.Plaintext) : null;
        saw(id, new Arrival(text, container.IsDeleted));
        if (!works || container.IsDeleted)
        {
            return RelayAction.Forward;
        }

        Topic topic = Topic.All.First(topic => topic.Id == id);
        switch (topic.Operation)
        {
            case Operation.Modify or Operation.ModifyTail:
                (string old, string changed) = topic.Change(direction.ToServer);
                replacement.Write(Encoding.ASCII.GetBytes(text!.Replace(old, changed, StringComparison.Ordinal)));
                return RelayAction.Modify;
            case Operation.Insert:
                direction.Relay.Insert(id, Encoding.ASCII.GetBytes(Topic.Addition), direction.Output);
                return RelayAction.Forward;
            case Operation.Delete when text == Topic.Unwanted:
                return RelayAction.Delete;
            default:
                return RelayAction.Forward;
        }
    }
}
