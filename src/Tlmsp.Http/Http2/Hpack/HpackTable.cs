namespace Tlmsp.Http;

/// <summary>The static and the dynamic table of one direction (RFC 7541 §2.3, Appendix A).</summary>
internal sealed class HpackTable
{
    /// <summary>The size of the dynamic table where nothing was said (RFC 9113 §6.5.2).</summary>
    public const int DefaultSize = 4096;

    private const int EntryOverhead = 32;

    private static readonly HttpField[] s_static =
    [
        new(":authority", ""), new(":method", "GET"), new(":method", "POST"), new(":path", "/"), new(":path", "/index.html"),
        new(":scheme", "http"), new(":scheme", "https"), new(":status", "200"), new(":status", "204"), new(":status", "206"),
        new(":status", "304"), new(":status", "400"), new(":status", "404"), new(":status", "500"), new("accept-charset", ""),
        new("accept-encoding", "gzip, deflate"), new("accept-language", ""), new("accept-ranges", ""), new("accept", ""),
        new("access-control-allow-origin", ""), new("age", ""), new("allow", ""), new("authorization", ""), new("cache-control", ""),
        new("content-disposition", ""), new("content-encoding", ""), new("content-language", ""), new("content-length", ""),
        new("content-location", ""), new("content-range", ""), new("content-type", ""), new("cookie", ""), new("date", ""), new("etag", ""),
        new("expect", ""), new("expires", ""), new("from", ""), new("host", ""), new("if-match", ""), new("if-modified-since", ""),
        new("if-none-match", ""), new("if-range", ""), new("if-unmodified-since", ""), new("last-modified", ""), new("link", ""),
        new("location", ""), new("max-forwards", ""), new("proxy-authenticate", ""), new("proxy-authorization", ""), new("range", ""),
        new("referer", ""), new("refresh", ""), new("retry-after", ""), new("server", ""), new("set-cookie", ""),
        new("strict-transport-security", ""), new("transfer-encoding", ""), new("user-agent", ""), new("vary", ""), new("via", ""),
        new("www-authenticate", ""),
    ];

    private readonly List<HttpField> _dynamic = [];     // oldest first
    private int _first;                                 // of those that are still in the table
    private int _size;
    private int _capacity = DefaultSize;

    /// <summary>The size of the entries (RFC 7541 §4.1).</summary>
    public int Size => _size;

    /// <summary>Number of entries in the dynamic table.</summary>
    public int Count => _dynamic.Count - _first;

    /// <returns>False when there is no such entry.</returns>
    public bool TryGet(int index, out HttpField field)
    {
        int dynamic = index - s_static.Length;
        bool found = index > 0 && dynamic <= Count;
        field = !found ? default : dynamic > 0 ? _dynamic[^dynamic] : s_static[index - 1];
        return found;
    }

    public void Add(HttpField field)
    {
        int size = SizeOf(field);
        Evict(_capacity - size);
        if (size <= _capacity)
        {
            _dynamic.Add(field);
            _size += size;
        }
    }

    public void Resize(int capacity)
    {
        _capacity = capacity;
        Evict(capacity);
    }

    public static int SizeOf(HttpField field) => field.Name.Length + field.Value.Length + EntryOverhead;

    private void Evict(int target)
    {
        while (Count > 0 && _size > target)
        {
            _size -= SizeOf(_dynamic[_first]);
            _dynamic[_first++] = default;
        }

        if (_first > 64 && _first > _dynamic.Count / 2)
        {
            _dynamic.RemoveRange(0, _first);
            _first = 0;
        }
    }
}
