using System.Buffers.Binary;
using System.Text;

namespace Tlmsp;

/// <summary>The extensions of a hello in wire order.</summary>
internal sealed class HelloExtensions
{
    private readonly List<(ushort Type, byte[] Data)> _items = [];

    public IEnumerable<ushort> Types => _items.Select(item => item.Type);

    public static HelloExtensions Read(ref WireReader reader)
    {
        var extensions = new HelloExtensions();
        if (reader.IsEmpty)
        {
            return extensions;
        }

        // A set, since 16 000 empty extensions fit into one record: looking each up among those before it takes most of a second.
        var seen = new HashSet<ushort>();
        WireReader list = reader.Sub16("extensions");
        while (!list.IsEmpty)
        {
            ushort type = list.U16("extension type");
            byte[] data = list.Vector16("extension").ToArray();
            if (!seen.Add(type))
            {
                throw new TlmspException(Misbehaviour.DuplicateExtension, $"extension {type:x4}");
            }

            extensions._items.Add((type, data));
        }

        return extensions;
    }

    public void Write(WireWriter writer)
    {
        var list = new WireWriter();
        foreach ((ushort type, byte[] data) in _items)
        {
            list.U16(type);
            list.Vector16(data);
        }

        writer.Vector16(list.ToArray());
    }

    public void Add(ushort type, byte[] data) => _items.Add((type, data));

    public byte[]? Find(ushort type)
    {
        foreach ((ushort candidate, byte[] data) in _items)
        {
            if (candidate == type)
            {
                return data;
            }
        }

        return null;
    }

    /// <summary>A list of 16-bit values with a 16-bit length before it, as in supported_groups; null when the extension is absent.</summary>
    public ushort[]? FindList(ushort type, string name)
    {
        if (Find(type) is not { } data)
        {
            return null;
        }

        var reader = new WireReader(data, name);
        ReadOnlySpan<byte> list = reader.Vector16("list");
        reader.End();
        if (list.Length % 2 != 0 || list.IsEmpty)
        {
            throw new TlmspException(Misbehaviour.TruncatedMessage, $"{name}: {list.Length} bytes");
        }

        ushort[] values = new ushort[list.Length / 2];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt16BigEndian(list[(2 * i)..]);
        }

        return values;
    }

    public void AddList(ushort type, IEnumerable<ushort> values)
    {
        var list = new WireWriter();
        foreach (ushort value in values)
        {
            list.U16(value);
        }

        var data = new WireWriter();
        data.Vector16(list.ToArray());
        Add(type, data.ToArray());
    }

    /// <summary>Refuses a hello that renegotiates: the verify_data of renegotiation_info is empty in a first handshake (RFC 5746 §3.4).</summary>
    public void ThrowIfRenegotiating()
    {
        if (Find(TlmspDialect.ExtensionRenegotiationInfo) is { } data and not [0])
        {
            throw new TlmspException(Misbehaviour.Renegotiation, $"renegotiation_info of {data.Length} bytes");
        }
    }

    /// <summary>The host name of server_name (RFC 6066 §3); null when absent.</summary>
    public string? FindServerName()
    {
        if (Find(TlmspDialect.ExtensionServerName) is not { Length: > 0 } data)
        {
            return null;
        }

        var reader = new WireReader(data, "server_name");
        WireReader list = reader.Sub16("list");
        reader.End();
        string? name = null;
        while (!list.IsEmpty)
        {
            byte type = list.U8("name type");
            ReadOnlySpan<byte> host = list.Vector16("host name");
            if (type == 0 && name is null && !host.IsEmpty && !host.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
            {
                name = Encoding.ASCII.GetString(host);
            }
        }

        return name;
    }

    public void AddServerName(string host)
    {
        var name = new WireWriter();
        name.U8(0);
        name.Vector16(Encoding.ASCII.GetBytes(host));
        var data = new WireWriter();
        data.Vector16(name.ToArray());
        Add(TlmspDialect.ExtensionServerName, data.ToArray());
    }
}
