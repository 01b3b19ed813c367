using System.Buffers.Binary;
using System.Net;

namespace Tlmsp.Tool.Decode.Capture;

/// <summary>Finds the TCP segment in a packet: link layer, IPv4 (RFC 791) or IPv6 (RFC 8200), TCP (RFC 9293).</summary>
internal static class IpPacket
{
    private const int EtherIPv4 = 0x0800;
    private const int EtherIPv6 = 0x86dd;
    private const byte Tcp = 6;

    /// <returns>False for everything that is no whole TCP header: other protocols, fragments, damaged packets.</returns>
    public static bool TryReadTcp(in CapturedPacket packet, out TcpSegment segment)
    {
        segment = default;
        ReadOnlyMemory<byte> data = packet.Data;
        return TryStripLink(packet.LinkType, ref data) && data.Length > 0 && (data.Span[0] >> 4) switch
        {
            4 => TryReadIPv4(data, out segment),
            6 => TryReadIPv6(data, out segment),
            _ => false,
        };
    }

    private static bool TryStripLink(uint linkType, ref ReadOnlyMemory<byte> data)
    {
        switch (linkType)
        {
            case 0 or 108:          // loopback of the BSDs: an address family
                return TrySkip(4, ref data);
            case 1:                 // Ethernet
                return TrySkip(12, ref data) && TrySkipEtherType(ref data);
            case 101 or 228 or 229: // IP without a link layer
                return true;
            case 113:               // Linux "any", version 1
                return TrySkip(14, ref data) && TrySkipEtherType(ref data);
            case 276:               // version 2: the protocol comes first
                return data.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(data.Span) is EtherIPv4 or EtherIPv6
                    && TrySkip(20, ref data);
            default:
                return false;
        }
    }

    private static bool TrySkipEtherType(ref ReadOnlyMemory<byte> data)
    {
        while (data.Length >= 2)
        {
            int type = BinaryPrimitives.ReadUInt16BigEndian(data.Span);
            if (type is not (0x8100 or 0x88a8))
            {
                return type is EtherIPv4 or EtherIPv6 && TrySkip(2, ref data);
            }

            if (!TrySkip(4, ref data))      // a VLAN tag
            {
                return false;
            }
        }

        return false;
    }

    private static bool TrySkip(int bytes, ref ReadOnlyMemory<byte> data)
    {
        if (data.Length < bytes)
        {
            return false;
        }

        data = data[bytes..];
        return true;
    }

    private static bool TryReadIPv4(ReadOnlyMemory<byte> data, out TcpSegment segment)
    {
        segment = default;
        ReadOnlySpan<byte> header = data.Span;
        int headerLength = (header[0] & 0x0f) * 4;
        if (headerLength < 20 || header.Length < headerLength || header[9] != Tcp
            || (BinaryPrimitives.ReadUInt16BigEndian(header[6..]) & 0x3fff) != 0)       // a fragment
        {
            return false;
        }

        // 0 is what a network card that splits segments itself leaves in an outgoing packet.
        int total = BinaryPrimitives.ReadUInt16BigEndian(header[2..]) is var length and > 0 ? length : data.Length;
        var source = new IPAddress(header[12..16]);
        var destination = new IPAddress(header[16..20]);
        return total >= headerLength && TryReadSegment(source, destination, data[headerLength..], total - headerLength, out segment);
    }

    private static bool TryReadIPv6(ReadOnlyMemory<byte> data, out TcpSegment segment)
    {
        segment = default;
        if (data.Length < 40)
        {
            return false;
        }

        ReadOnlySpan<byte> header = data.Span;
        var source = new IPAddress(header[8..24]);
        var destination = new IPAddress(header[24..40]);
        byte next = header[6];
        int total = BinaryPrimitives.ReadUInt16BigEndian(header[4..]) is var length and > 0 ? length : data.Length - 40;
        data = data[40..];
        while (next is 0 or 43 or 60)       // hop-by-hop, routing, destination options
        {
            int extension = data.Length >= 2 ? 8 + 8 * data.Span[1] : int.MaxValue;
            if (extension > data.Length || extension > total)
            {
                return false;
            }

            next = data.Span[0];
            data = data[extension..];
            total -= extension;
        }

        return next == Tcp && TryReadSegment(source, destination, data, total, out segment);
    }

    private static bool TryReadSegment(
        IPAddress source, IPAddress destination, ReadOnlyMemory<byte> data, int total, out TcpSegment segment)
    {
        segment = default;
        if (data.Length < 20)
        {
            return false;
        }

        ReadOnlySpan<byte> header = data.Span;
        int headerLength = (header[12] >> 4) * 4;
        if (headerLength < 20 || headerLength > data.Length || total < headerLength)
        {
            return false;
        }

        // A short Ethernet frame is padded behind the packet.
        int payload = Math.Min(total, data.Length) - headerLength;
        segment = new TcpSegment(
            new IPEndPoint(source, BinaryPrimitives.ReadUInt16BigEndian(header)),
            new IPEndPoint(destination, BinaryPrimitives.ReadUInt16BigEndian(header[2..])),
            BinaryPrimitives.ReadUInt32BigEndian(header[4..]), Syn: (header[13] & 2) != 0, Ack: (header[13] & 16) != 0,
            data.Slice(headerLength, Math.Max(payload, 0)))
        {
            IsCut = total > data.Length,
        };
        return true;
    }
}
