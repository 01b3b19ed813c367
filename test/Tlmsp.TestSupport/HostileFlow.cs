using System.Buffers;
using System.Buffers.Binary;

namespace Tlmsp.TestSupport;

/// <summary>
/// What a middlebox of ill will sends with, in one direction: in step with its honest half, with the keys that it was given and made-up
/// ones in place of those that it was not, and of the opinion that it may write everywhere.
/// </summary>
public sealed class HostileFlow
{
    private readonly TlmspMiddleboxHandshake _own;
    private readonly bool _toServer;
    private SequenceCounter _mark;

    internal HostileFlow(TlmspMiddleboxHandshake own, bool toServer)
    {
        _own = own;
        _toServer = toServer;
    }

    /// <summary>Its own id.</summary>
    public byte Self => _own.Self;

    /// <summary>Takes back what the honest half has made of the latest record, which is not sent then.</summary>
    public void Rewind() => Honest.Counter = _mark;

    /// <summary>Sends a container, empty ones too, as one that it has inserted.</summary>
    public void Write(byte contextId, ReadOnlySpan<byte> data, IBufferWriter<byte> output) =>
        Send(Create(_own, _toServer), contextId, data, output);

    /// <summary>Sends a container as one of the endpoint that it comes from.</summary>
    public void Impersonate(byte contextId, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        byte endpoint = _toServer ? TlmspDialect.Client : TlmspDialect.Server;
        Send(Create(_own, _toServer, endpoint, endpoint), contextId, data, output);
    }

    /// <summary>Sends a delete notice with all MACs that it can make.</summary>
    /// <param name="contextId">The context that it is sent in; whose containers are gone it does not say.</param>
    /// <param name="count">How many containers of the far endpoint it is to stand for.</param>
    /// <param name="output">Receives the record.</param>
    public void Delete(byte contextId, ushort count, IBufferWriter<byte> output)
    {
        OutgoingFlow flow = Create(_own, _toServer);
        bool audited = _own.Path.IsAudited(_own.Path.SlotOf(contextId));
        byte endpoint = _toServer ? TlmspDialect.Client : TlmspDialect.Server;
        flow.Delete(
            Container(contextId, audited ? TlmspDialect.FlagAudited : (ushort)0, []), [endpoint, (byte)(count >> 8), (byte)count], output);
        Honest.Counter = flow.Counter;
    }

    /// <summary>Remembers this point of the output; see <see cref="Rewind"/>.</summary>
    internal void Mark() => _mark = Honest.Counter;

    /// <summary>A flow that starts where the honest one is.</summary>
    /// <param name="own">Its handshake, which is complete.</param>
    /// <param name="toServer">The direction.</param>
    /// <param name="self">Whom it makes its forwarding MACs as; itself by default.</param>
    /// <param name="author">The entity that it claims to be the author of fragments; itself by default.</param>
    internal static OutgoingFlow Create(TlmspMiddleboxHandshake own, bool toServer, byte? self = null, byte? author = null)
    {
        (DirectionKeys clientToServer, DirectionKeys serverToClient) = own.Keys!.Value;
        HandshakeChannel channel = toServer ? own.ServerChannel : own.ClientChannel;
        return new OutgoingFlow(
            Lie(own.Path), self ?? own.Self, WithMadeUpKeys(own.Path, toServer ? clientToServer : serverToClient),
            (toServer ? own.ServerSecret : own.ClientSecret)!.BToA, new CounterNonceSource(author ?? own.Self, TlmspRandom.System))
        {
            Counter = channel.Outgoing!.Counter,
        };
    }

    /// <summary>A delete notice; <see cref="OutgoingFlow.Modify"/> makes it one of whose flow it is.</summary>
    internal static OpenedContainer Deletion(byte self, byte contextId, ushort flags, byte[] indicators) =>
        Container(contextId, flags, [self, (byte)(indicators.Length / 3), .. indicators]);

    /// <summary>The session, but for the rights of middleboxes.</summary>
    internal static SessionPath Lie(SessionPath real)
    {
        Grant everything = Grant.Write([.. real.Contexts.Select(context => context.Id)]);
        return new SessionPath(
            real.SessionId, real.Suite, real.Contexts, real.Middleboxes.Select(entry => entry with { Grant = everything }));
    }

    private OutgoingFlow Honest => (_toServer ? _own.ServerChannel : _own.ClientChannel).Outgoing!;

    private void Send(OutgoingFlow flow, byte contextId, ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        flow.Originate(RecordType.ApplicationData, contextId, data, output);
        Honest.Counter = flow.Counter;
    }

    private static DirectionKeys WithMadeUpKeys(SessionPath path, DirectionKeys real)
    {
        byte[] key = new byte[path.Suite.KeyLength];
        TlmspRandom.System.Fill(key);
        return DirectionKeys.FromKeys(real.Synch, path.SlotCount, slot => real.Reader(slot) ?? new SecretKey(key), real.Writer);
    }

    /// <summary>A container without content, whose MACs are all zero.</summary>
    private static OpenedContainer Container(byte contextId, ushort flags, byte[] mInfo)
    {
        byte[] buffer = new byte[ContainerParts.Headroom + 300];
        Span<byte> container = buffer.AsSpan(ContainerParts.Headroom);
        container[0] = contextId;
        BinaryPrimitives.WriteUInt16BigEndian(container[1..], flags);
        mInfo.CopyTo(container[3..]);
        container[3 + mInfo.Length + 1] = TlmspDialect.NonceLength + TlmspDialect.TagLength;
        return new OpenedContainer
        {
            Type = RecordType.ApplicationData,
            Parts = ContainerParts.Parse(buffer, ContainerParts.Headroom),
            Buffer = buffer,
        };
    }
}
