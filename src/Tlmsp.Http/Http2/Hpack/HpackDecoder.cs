using System.Buffers;
using System.Text;

namespace Tlmsp.Http;

/// <summary>
/// Decodes the field blocks of one direction of a connection (RFC 7541), all of them and in order: each may change the table that later
/// ones refer to. Bounded in fields, in bytes, and in the size of the table.
/// </summary>
internal sealed class HpackDecoder
{
    /// <summary>A receiver may allow a larger table; whoever only follows the connection does not.</summary>
    private const int MaxTableSize = 64 * 1024;

    private readonly HttpFramerLimits _limits;
    private readonly HpackTable _table = new();
    private readonly bool _isStateless;
    private int _allowed = HpackTable.DefaultSize;

    /// <param name="limits">Bounds.</param>
    /// <param name="isStateless">Whether no block may refer to one before it: who may change blocks cannot know what the receiver has read.</param>
    public HpackDecoder(HttpFramerLimits limits, bool isStateless = false)
    {
        _limits = limits;
        _isStateless = isStateless;
        if (isStateless)
        {
            _table.Resize(0);
        }
    }

    /// <summary>The receiver's SETTINGS_HEADER_TABLE_SIZE. It only grows here: nobody sees when a smaller size takes effect.</summary>
    public void Allow(uint tableSize) => _allowed = Math.Max(_allowed, (int)Math.Min(tableSize, MaxTableSize));

    /// <summary>Decodes a complete block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="fields">Takes its fields, in order.</param>
    /// <exception cref="HttpMappingException">It is not valid, or exceeds a limit.</exception>
    public void Decode(ReadOnlySpan<byte> block, List<HttpField> fields)
    {
        int bytes = 0;
        int atStart = fields.Count;
        while (!block.IsEmpty)
        {
            byte first = block[0];
            if ((first & 0xe0) == 0x20)
            {
                if (fields.Count != atStart)
                {
                    throw Fault("a change of the table's size behind a field");
                }

                Resize(Integer(ref block, 5));
                continue;
            }

            HttpField field = (first & 0x80) != 0 ? Get(Integer(ref block, 7)) : Literal(ref block, (first & 0x40) != 0 ? 6 : 4);
            if ((first & 0xc0) == 0x40)
            {
                _table.Add(field);
            }

            bytes += HpackTable.SizeOf(field);
            if (bytes > _limits.MaxHeadBytes || fields.Count - atStart >= _limits.MaxFields)
            {
                throw Fault($"more than {_limits.MaxFields} fields or {_limits.MaxHeadBytes} bytes");
            }

            fields.Add(field);
        }
    }

    private void Resize(int size)
    {
        if (size > _allowed)
        {
            throw Fault("a larger table than the receiver allows");
        }

        _table.Resize(_isStateless ? 0 : size);
    }

    private HttpField Get(int index) =>
        _table.TryGet(index, out HttpField field) ? field : throw Fault($"index {index}, which is in no table");

    private HttpField Literal(ref ReadOnlySpan<byte> block, int prefix)
    {
        int index = Integer(ref block, prefix);
        string name = index == 0 ? String(ref block) : Get(index).Name;
        return new HttpField(name, String(ref block));
    }

    private string String(ref ReadOnlySpan<byte> block)
    {
        bool isHuffman = !block.IsEmpty && (block[0] & 0x80) != 0;
        int length = Integer(ref block, 7);
        if (length > block.Length)
        {
            throw Fault("a string that goes on behind the block");
        }

        ReadOnlySpan<byte> bytes = block[..length];
        block = block[length..];
        return isHuffman ? Huffman(bytes) : Encoding.Latin1.GetString(bytes);
    }

    private static string Huffman(ReadOnlySpan<byte> encoded)
    {
        byte[] decoded = ArrayPool<byte>.Shared.Rent((encoded.Length * 8 / 5) + 1);    // the shortest code has five bits
        try
        {
            int length = HpackHuffman.Decode(encoded, decoded);
            return length >= 0 ? Encoding.Latin1.GetString(decoded, 0, length) : throw Fault("a string that is not in the Huffman code");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded, clearArray: true);
        }
    }

    /// <summary>RFC 7541 §5.1; of more than 24 bits there is no use for one.</summary>
    internal static int Integer(ref ReadOnlySpan<byte> block, int prefix)
    {
        if (block.IsEmpty)
        {
            throw Fault("an integer that goes on behind the block");
        }

        int mask = (1 << prefix) - 1;
        int value = block[0] & mask;
        block = block[1..];
        if (value < mask)
        {
            return value;
        }

        for (int shift = 0; shift <= 21; shift += 7)
        {
            if (block.IsEmpty)
            {
                throw Fault("an integer that goes on behind the block");
            }

            byte next = block[0];
            block = block[1..];
            value += (next & 0x7f) << shift;
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }

        throw Fault("an integer that is too large");
    }

    private static HttpMappingException Fault(string reason) => new($"a field block with {reason}");
}
