using System.Buffers.Binary;

namespace Tlmsp.Tool.Decode.Capture;

/// <summary>Reads what tcpdump and Wireshark write: pcap, and pcapng (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng).</summary>
internal sealed class CaptureFile
{
    private const uint Micro = 0xa1b2c3d4;
    private const uint Nano = 0xa1b23c4d;
    private const uint SectionHeader = 0x0a0d0d0a;
    private const uint ByteOrder = 0x1a2b3c4d;
    private const uint InterfaceDescription = 1;
    private const uint EnhancedPacket = 6;
    private const int TimestampResolution = 9;
    private readonly ReadOnlyMemory<byte> _file;
    private readonly List<CapturedPacket> _packets = [];
    private bool _isBigEndian;
    private int _at;

    private CaptureFile(ReadOnlyMemory<byte> file) => _file = file;

    /// <summary>The packets of a file, and whether it ends inside one, as a capture that was killed does.</summary>
    /// <exception cref="FormatException">The file is of neither kind, or damaged; the message says where.</exception>
    public static (IReadOnlyList<CapturedPacket> Packets, bool IsCut) Read(ReadOnlyMemory<byte> file)
    {
        var reader = new CaptureFile(file);
        if (file.Length < 24)
        {
            throw new FormatException("it is too short to be a capture.");
        }

        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(file.Span);
        bool isCut = magic == SectionHeader ? reader.ReadBlocks() : reader.ReadPcap(magic);
        return (reader._packets, isCut);
    }

    private bool ReadPcap(uint magic)
    {
        _isBigEndian = BinaryPrimitives.ReverseEndianness(magic) is Micro or Nano;
        magic = _isBigEndian ? BinaryPrimitives.ReverseEndianness(magic) : magic;
        if (magic is not (Micro or Nano))
        {
            throw new FormatException("it is neither a pcap nor a pcapng file.");
        }

        uint linkType = U32(20) & 0x0fff_ffff;
        double ticks = magic == Nano ? 1e9 : 1e6;
        for (_at = 24; _at < _file.Length;)
        {
            if (_file.Length - _at < 16)
            {
                return true;
            }

            TimeSpan time = Time(U32(_at) + U32(_at + 4) / ticks);
            uint length = U32(_at + 8);
            _at += 16;
            if (length > _file.Length - _at)
            {
                return true;
            }

            _packets.Add(new CapturedPacket(linkType, time, _file.Slice(_at, (int)length)));
            _at += (int)length;
        }

        return false;
    }

    private bool ReadBlocks()
    {
        var interfaces = new List<(uint LinkType, double Ticks)>();
        while (_at < _file.Length)
        {
            if (_file.Length - _at < 12)
            {
                return true;
            }

            bool isSection = BinaryPrimitives.ReadUInt32LittleEndian(_file.Span[_at..]) == SectionHeader;
            if (isSection)
            {
                interfaces.Clear();
                _isBigEndian = BinaryPrimitives.ReadUInt32BigEndian(_file.Span[(_at + 8)..]) == ByteOrder;
                if (!_isBigEndian && BinaryPrimitives.ReadUInt32LittleEndian(_file.Span[(_at + 8)..]) != ByteOrder)
                {
                    throw new FormatException($"the section at {_at} has no byte order.");
                }
            }

            uint type = U32(_at);
            uint length = U32(_at + 4);
            if (length < 12 || length % 4 != 0)
            {
                throw new FormatException($"the block at {_at} claims to be {length} bytes long.");
            }

            if (length > _file.Length - _at)
            {
                return true;
            }

            int end = _at + (int)length - 4;
            if (type == InterfaceDescription)
            {
                Need(end, 16, "interface");
                interfaces.Add(((uint)U16(_at + 8), Ticks(_at + 16, end)));
            }
            else if (type == EnhancedPacket)
            {
                Need(end, 28, "packet");
                Packet(interfaces, end);
            }

            _at = end + 4;
        }

        return false;
    }

    private void Packet(List<(uint LinkType, double Ticks)> interfaces, int end)
    {
        uint index = U32(_at + 8);
        uint length = U32(_at + 20);
        if (index >= interfaces.Count || length > end - (_at + 28))
        {
            throw new FormatException($"the packet at {_at} names interface {index}, or is longer than its block.");
        }

        ulong ticks = (ulong)U32(_at + 12) << 32 | U32(_at + 16);
        _packets.Add(new CapturedPacket(
            interfaces[(int)index].LinkType, Time(ticks / interfaces[(int)index].Ticks), _file.Slice(_at + 28, (int)length)));
    }

    /// <summary>Ticks a second: an option of the interface, microseconds without it.</summary>
    private double Ticks(int at, int end)
    {
        while (end - at >= 4)
        {
            int code = U16(at);
            int length = U16(at + 2);
            if (code == 0 || length > end - at - 4)
            {
                break;
            }

            if (code == TimestampResolution && length > 0)
            {
                byte resolution = _file.Span[at + 4];
                return (resolution & 0x80) == 0 ? Math.Pow(10, resolution) : Math.Pow(2, resolution & 0x7f);
            }

            at += 4 + (length + 3) / 4 * 4;
        }

        return 1e6;
    }

    // A damaged clock must not keep anybody from reading the rest.
    private static TimeSpan Time(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, uint.MaxValue));

    private void Need(int end, int bytes, string what)
    {
        if (end - _at < bytes)
        {
            throw new FormatException($"the {what} block at {_at} is too short.");
        }
    }

    private uint U32(int at) => _isBigEndian
        ? BinaryPrimitives.ReadUInt32BigEndian(_file.Span[at..])
        : BinaryPrimitives.ReadUInt32LittleEndian(_file.Span[at..]);

    private int U16(int at) => _isBigEndian
        ? BinaryPrimitives.ReadUInt16BigEndian(_file.Span[at..])
        : BinaryPrimitives.ReadUInt16LittleEndian(_file.Span[at..]);
}
