using System.Buffers.Binary;
using System.Net;

namespace Tlmsp.Tool.Tests;

/// <summary>Makes capture files: TCP segments in the frames that tcpdump writes on different kinds of interfaces.</summary>
internal sealed class CaptureWriter(string kind)
{
    private readonly List<byte[]> _packets = [];

    public static string[] Kinds =>
    [
        "pcap ethernet IPv4", "pcap ethernet IPv6", "pcap-big-nano raw IPv4", "pcap null IPv6", "pcapng vlan IPv4", "pcapng-big sll IPv6",
        "pcap sll2 IPv4",
    ];

    public void Segment(int from, int to, uint sequence, byte flags, ReadOnlySpan<byte> payload, int keep = int.MaxValue)
    {
        byte[] tcp = new byte[20 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), (ushort)to);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        tcp[12] = 5 << 4;
        tcp[13] = flags;
        payload.CopyTo(tcp.AsSpan(20));
        byte[] frame = [.. Link(), .. kind.EndsWith("IPv6", StringComparison.Ordinal) ? IPv6(tcp.Length) : IPv4(tcp.Length), .. tcp];
        _packets.Add(frame[..Math.Min(frame.Length, keep)]);
    }

    /// <summary>Something that is no TCP at all.</summary>
    public void Noise() => _packets.Add([.. Link(), 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);

    public byte[] ToFile() => kind.StartsWith("pcapng", StringComparison.Ordinal) ? PcapNg() : Pcap();

    private bool IsBig => kind.Contains("-big", StringComparison.Ordinal);

    private uint LinkType => kind.Split(' ')[1] switch
    {
        "ethernet" or "vlan" => 1,
        "null" => 0,
        "raw" => 101,
        "sll" => 113,
        _ => 276,
    };

    private byte[] Link()
    {
        byte[] type = kind.EndsWith("IPv6", StringComparison.Ordinal) ? [0x86, 0xdd] : [0x08, 0x00];
        return kind.Split(' ')[1] switch
        {
            "ethernet" => [.. new byte[12], .. type],
            "vlan" => [.. new byte[12], 0x81, 0x00, 0x00, 0x07, .. type],
            "null" => [30, 0, 0, 0],
            "raw" => [],
            "sll" => [.. new byte[14], .. type],
            _ => [.. type, .. new byte[18]],
        };
    }

    private static byte[] IPv4(int length) =>
    [
        0x45, 0, (byte)((20 + length) >> 8), (byte)(20 + length), 0, 0, 0x40, 0, 64, 6, 0, 0,
        .. IPAddress.Loopback.GetAddressBytes(), .. IPAddress.Loopback.GetAddressBytes(),
    ];

    // With a hop-by-hop extension before the segment.
    private static byte[] IPv6(int length) =>
    [
        0x60, 0, 0, 0, (byte)((8 + length) >> 8), (byte)(8 + length), 0, 64,
        .. IPAddress.IPv6Loopback.GetAddressBytes(), .. IPAddress.IPv6Loopback.GetAddressBytes(), 6, 0, 1, 4, 0, 0, 0, 0,
    ];

    private byte[] Pcap()
    {
        bool nano = kind.Contains("nano", StringComparison.Ordinal);
        uint magic = nano ? 0xa1b23c4d : 0xa1b2c3d4;
        List<byte> file = [.. U32(magic), .. U16(2), .. U16(4), .. U32(0), .. U32(0), .. U32(65535), .. U32(LinkType)];
        for (int i = 0; i < _packets.Count; i++)
        {
            byte[] length = U32((uint)_packets[i].Length);
            file.AddRange([.. U32(1700000000), .. U32((uint)(i * (nano ? 1_000_000 : 1000))), .. length, .. length, .. _packets[i]]);
        }

        return [.. file];
    }

    private byte[] PcapNg()
    {
        List<byte> file = [.. Block(0x0a0d0d0a, [.. U32(0x1a2b3c4d), .. U16(1), .. U16(0), 255, 255, 255, 255, 255, 255, 255, 255])];
        byte[] nanoseconds = [.. U16(9), .. U16(1), 9, 0, 0, 0];
        file.AddRange(Block(1, [.. U16((int)LinkType), .. U16(0), .. U32(0), .. nanoseconds, .. U16(0), .. U16(0)]));
        file.AddRange(Block(5, new byte[8]));       // statistics, to be skipped
        for (int i = 0; i < _packets.Count; i++)
        {
            ulong ticks = 1_700_000_000_000_000_000 + (ulong)i * 1_000_000;
            byte[] length = U32((uint)_packets[i].Length);
            byte[] padded = [.. _packets[i], .. new byte[(4 - _packets[i].Length % 4) % 4]];
            file.AddRange(Block(6, [.. U32(0), .. U32((uint)(ticks >> 32)), .. U32((uint)ticks), .. length, .. length, .. padded]));
        }

        return [.. file];
    }

    private byte[] Block(uint type, byte[] body)
    {
        byte[] length = U32((uint)(12 + body.Length));
        return [.. U32(type), .. length, .. body, .. length];
    }

    private byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, IsBig ? BinaryPrimitives.ReverseEndianness(value) : value);
        return bytes;
    }

    private byte[] U16(int value) => IsBig ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)];
}
