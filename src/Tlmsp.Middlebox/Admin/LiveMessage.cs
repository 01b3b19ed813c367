using Tlmsp.Http;

namespace Tlmsp.Middlebox.Admin;

/// <summary>A message on the live page: no more than the page shows. Guarded by the lock of its feed.</summary>
internal sealed class LiveMessage(long number, LivePath path, HttpDirection direction, DateTimeOffset at)
{
    /// <summary>Most content that is kept, in bytes.</summary>
    public const int MaxContent = 4096;

    private const int MaxFields = 100;
    private const int MaxValue = 1024;
    private const int MaxLine = 2048;
    private readonly List<LiveField> _fields = [];
    private byte[]? _kept;

    /// <summary>Counts the messages of all paths, from 1.</summary>
    public long Number => number;

    public LivePath Path => path;

    public HttpDirection Direction => direction;

    public DateTimeOffset At => at;

    /// <summary>The number of the last change to anything on the page that was one to this message.</summary>
    public long Change { get; set; }

    /// <summary>Whether inspectors were shown something of it.</summary>
    public bool IsBound { get; set; }

    public string? StartLine { get; private set; }

    public bool IsHeadSealed { get; init; }

    public bool IsContentSealed { get; set; }

    /// <summary>Bytes of the head that could not be read.</summary>
    public long SealedHead { get; private set; }

    /// <summary>Bytes of sensitive fields that could not be read.</summary>
    public long SealedSecrets { get; private set; }

    public long ContentBytes { get; private set; }

    public IReadOnlyList<LiveField> Fields => _fields;

    /// <summary>How many fields there were beyond those that are kept.</summary>
    public int MoreFields { get; private set; }

    public ReadOnlyMemory<byte> Kept => _kept.AsMemory(0, (int)Math.Min(ContentBytes, _kept?.Length ?? 0));

    /// <summary>Name of the context that its content travels in, once its head has said so.</summary>
    public string? ContentContext { get; private set; }

    public InspectionRecord? Record { get; set; }

    /// <summary><c>none</c>, <c>sealed</c>, <c>notKept</c> or <c>shown</c>. Over HTTP/2 the size of what is sealed is not known.</summary>
    public string ContentState() => IsContentSealed ? (ContentBytes > 0 || path.IsHttp2 ? "sealed" : "none")
        : ContentBytes == 0 ? "none"
        : _kept is null ? "notKept" : "shown";

    public void OnHead(HttpHead head, string contentContext, Func<string, bool> isSensitive)
    {
        ContentContext = contentContext;
        StartLine = Cut(head.StartLine, MaxLine);
        OnFields(head.Fields, "head", isSensitive);
    }

    public void OnFields(IReadOnlyList<HttpField> fields, string section, Func<string, bool> isSensitive)
    {
        foreach (HttpField field in fields)
        {
            if (_fields.Count == MaxFields)
            {
                MoreFields++;
            }
            else
            {
                string? value = isSensitive(field.Name) ? null : Cut(field.Value, MaxValue);
                _fields.Add(new LiveField(Cut(field.Name, MaxValue), value, field.Value.Length, section));
            }
        }
    }

    public void OnContent(ReadOnlySpan<byte> content, bool keep)
    {
        if (keep && ContentBytes < MaxContent)
        {
            int kept = (int)ContentBytes;
            int more = Math.Min(content.Length, MaxContent - kept);
            Array.Resize(ref _kept, kept + more);
            content[..more].CopyTo(_kept.AsSpan(kept));
        }

        ContentBytes += content.Length;
    }

    public void OnOpaque(HttpRole role, int length)
    {
        switch (role)
        {
            case HttpRole.Content:
                IsContentSealed = true;
                ContentBytes += length;
                break;
            case HttpRole.Secret:
                SealedSecrets += length;
                break;
            default:
                SealedHead += length;
                break;
        }
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most), "…");
}

/// <summary>A field of a message.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value; null where that is masked.</param>
/// <param name="Length">How many characters the value has.</param>
/// <param name="Section"><c>head</c>, <c>secret</c> or <c>trailers</c>.</param>
internal sealed record LiveField(string Name, string? Value, int Length, string Section);
