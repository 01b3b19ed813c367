using System.Net;

namespace Tlmsp.Tool.Decode.Capture;

/// <summary>Puts the segments of a capture together to connections, and finds those that begin with a ClientHello.</summary>
internal sealed class TcpConversations
{
    private readonly List<Conversation> _all = [];
    private readonly Dictionary<(IPEndPoint, IPEndPoint), Conversation> _open = [];

    /// <summary>The connections of a capture that begin like TLS.</summary>
    /// <param name="packets">The packets.</param>
    /// <param name="port">Only those with this port at either end; null for all.</param>
    /// <param name="others">How many connections begin otherwise.</param>
    public static IReadOnlyList<CapturedHop> Find(IReadOnlyList<CapturedPacket> packets, int? port, out int others)
    {
        var conversations = new TcpConversations();
        foreach (CapturedPacket packet in packets)
        {
            if (IpPacket.TryReadTcp(packet, out TcpSegment segment)
                && (port is null || segment.Source.Port == port || segment.Destination.Port == port))
            {
                conversations.Add(segment, packet.Time - packets[0].Time);
            }
        }

        List<CapturedHop> hops = [.. conversations._all.Select(conversation => conversation.ToHop()).OfType<CapturedHop>()];
        others = conversations._all.Count - hops.Count;
        return hops;
    }

    private void Add(in TcpSegment segment, TimeSpan time)
    {
        bool opens = segment is { Syn: true, Ack: false };
        if (!_open.TryGetValue((segment.Source, segment.Destination), out Conversation? conversation)
            || (opens && conversation.IsOver(segment)))
        {
            conversation = new Conversation(segment.Source, segment.Destination);
            _open[(segment.Source, segment.Destination)] = _open[(segment.Destination, segment.Source)] = conversation;
            _all.Add(conversation);
        }

        conversation.Add(segment, time);
    }

    /// <summary>One direction: takes segments in the order of their sequence numbers, each byte once.</summary>
    private sealed class Half
    {
        private readonly List<(uint Sequence, ReadOnlyMemory<byte> Data, bool IsCut)> _early = [];

        /// <summary>The sequence number that is due; null before the first segment.</summary>
        public uint? Next { get; private set; }

        public bool IsCut { get; private set; }

        public bool HasGap => _early.Count > 0;

        public void Add(in TcpSegment segment, Action<ReadOnlyMemory<byte>> deliver)
        {
            uint sequence = segment.Syn ? segment.Sequence + 1 : segment.Sequence;
            Next ??= sequence;
            if (segment.Payload.Length > 0)
            {
                _early.Add((sequence, segment.Payload, segment.IsCut));
            }

            // Sequence numbers wrap: what lies less than half their range behind has begun already.
            while (!IsCut && _early.FindIndex(early => (int)(early.Sequence - Next.Value) <= 0) is >= 0 and var index)
            {
                (uint start, ReadOnlyMemory<byte> data, bool isCut) = _early[index];
                _early.RemoveAt(index);
                int known = (int)(Next.Value - start);
                if (known < data.Length)
                {
                    deliver(data[known..]);
                    Next += (uint)(data.Length - known);
                    IsCut = isCut;
                }
            }
        }
    }

    private sealed class Conversation(IPEndPoint first, IPEndPoint second)
    {
        private readonly Half _fromFirst = new();
        private readonly Half _fromSecond = new();
        private readonly List<(bool FromFirst, ReadOnlyMemory<byte> Data, TimeSpan Time)> _pieces = [];

        /// <summary>A SYN that is no repetition begins another connection on the same ports.</summary>
        public bool IsOver(in TcpSegment syn) => HalfOf(syn).Next is { } next && next != syn.Sequence + 1;

        public void Add(in TcpSegment segment, TimeSpan time)
        {
            bool fromFirst = segment.Source.Equals(first);
            HalfOf(segment).Add(segment, data => _pieces.Add((fromFirst, data, time)));
        }

        /// <returns>Null when neither side begins with a handshake record that holds a ClientHello.</returns>
        public CapturedHop? ToHop()
        {
            bool? clientIsFirst = StartsTls(true) ? true : StartsTls(false) ? false : null;
            if (clientIsFirst is not { } isFirst)
            {
                return null;
            }

            Half[] halves = [_fromFirst, _fromSecond];
            string? problem = halves.Any(half => half.IsCut) ? "packets were captured in part; capture whole ones (tcpdump -s 0)"
                : halves.Any(half => half.HasGap) ? "packets are missing from the capture"
                : null;
            return new CapturedHop(
                isFirst ? $"{first} -> {second}" : $"{second} -> {first}",
                [.. _pieces.Select(piece => new CapturedPiece(
                    piece.FromFirst == isFirst ? Direction.ClientToServer : Direction.ServerToClient, piece.Data, piece.Time))],
                problem);
        }

        private Half HalfOf(in TcpSegment segment) => segment.Source.Equals(first) ? _fromFirst : _fromSecond;

        private bool StartsTls(bool fromFirst)
        {
            // Six bytes may come one by one: handshake record, major version 3, ClientHello.
            byte[] start = [.. _pieces.Where(piece => piece.FromFirst == fromFirst).SelectMany(piece => piece.Data.ToArray()).Take(6)];
            return start is [(byte)RecordType.Handshake, 3, _, _, _, (byte)HandshakeType.ClientHello];
        }
    }
}
