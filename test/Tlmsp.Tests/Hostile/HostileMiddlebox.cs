using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>A middlebox that has the keys it was given, no others, and does what it has no right to.</summary>
internal static class HostileMiddlebox
{
    /// <summary>What it sends with: in step with its honest half, and of the opinion that it may write everywhere.</summary>
    /// <param name="path">An established path.</param>
    /// <param name="index">Which middlebox.</param>
    /// <param name="author">The entity that it claims to be the author of fragments; itself by default.</param>
    /// <param name="toServer">The direction.</param>
    public static OutgoingFlow Flow(InMemoryPath path, int index, byte? author = null, bool toServer = true) =>
        HostileFlow.Create(path.MiddleboxHandshakes[index], toServer, author: author);

    /// <summary>Puts a hostile relay in the place of the honest one, towards the server.</summary>
    public static void TakeOver(InMemoryPath path, int index, RelayAction action, byte? author = null)
    {
        TlmspMiddleboxHandshake own = path.MiddleboxHandshakes[index];
        TlmspMiddleboxSession honest = path.Middleboxes[index]!;
        OutgoingFlow flow = Flow(path, index, author);
        path.Middleboxes[index] = new TlmspMiddleboxSession(
            honest.Info, own.Self, new ContainerRelay(HostileFlow.Lie(own.Path), own.Self, own.ClientChannel.Incoming!, flow),
            honest.ServerToClient, honest.Dispose);
        path.Handlers[index, 0] = new Always(action, "forged"u8.ToArray());
    }

    /// <summary>Sends one record of its own towards the server.</summary>
    public static void Sends(InMemoryPath path, int index, Action<OutgoingFlow, InMemoryPipe> write, byte? author = null)
    {
        InMemoryPipe pipe = path.ToServer(index + 1);
        write(Flow(path, index, author), pipe);
        pipe.Flush();
        path.Pump();
    }

    /// <summary>Sends a delete notice with any indicators, all MACs being right.</summary>
    public static void SendsDeletion(InMemoryPath path, int index, byte contextId, params byte[] indicators) =>
        Sends(path, index, (flow, pipe) =>
            flow.Modify(HostileFlow.Deletion(path.MiddleboxHandshakes[index].Self, contextId, TlmspDialect.FlagDeleted, indicators), [], pipe.Writer));

    /// <summary>Does the same to all data.</summary>
    internal sealed class Always(RelayAction action, byte[] content) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, System.Buffers.IBufferWriter<byte> replacement)
        {
            if (container.IsAlert)
            {
                return RelayAction.Forward;
            }

            if (action == RelayAction.Modify)
            {
                System.Buffers.BuffersExtensions.Write(replacement, content);
            }

            return action;
        }
    }
}
