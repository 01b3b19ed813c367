using Microsoft.Extensions.Options;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Admin;

/// <summary>
/// What the live page shows: the last messages, the paths, and the throughput. Everything in it is bounded, and nobody waits in its lock,
/// so that no browser can slow a connection down.
/// </summary>
internal sealed partial class LiveFeed(IOptions<AdminPageOptions> options, MiddleboxState middlebox)
{
    /// <summary>How many messages are kept.</summary>
    public const int MaxMessages = 500;

    private const int MaxClosed = 20;
    private readonly Lock _lock = new();
    private readonly AdminPageOptions _options = options.Value;
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly LiveMessage?[] _messages = new LiveMessage?[MaxMessages];
    private readonly Dictionary<string, LivePath> _open = [];
    private readonly Queue<LivePath> _closed = new();
    private readonly ThroughputMeter _throughput = new();
    private long _lastMessage;
    private long _lastPath;
    private long _change;
    private long _pathChange;
    private long _bytes;
    private long _withheld;

    /// <summary>A path is established.</summary>
    /// <returns>The same for all calls about one connection.</returns>
    public LivePath Open(InspectionContext context)
    {
        lock (_lock)
        {
            return Find(context);
        }
    }

    /// <summary>A path has ended.</summary>
    public void Close(InspectionContext context, Exception? fault)
    {
        lock (_lock)
        {
            LivePath path = Find(context);
            path.ClosedAt = DateTimeOffset.UtcNow;
            path.Fault = fault?.Message;
            path.Open.Clear();
            _open.Remove(context.ConnectionId);
            _closed.Enqueue(path);
            if (_closed.Count > MaxClosed)
            {
                _closed.Dequeue();
            }

            _pathChange = ++_change;
        }
    }

    public void OnHead(LivePath path, InspectedMessage message)
    {
        lock (_lock)
        {
            LiveMessage live = Bind(path, message);
            live.IsContentSealed = !message.Rights.ReadsContent;
            HttpHead head = message.Head!;
            live.OnHead(head, path.NameOf(message.Direction, HttpRole.Content, head), name => IsSensitive(path, name));
            Count(path.NameOf(message.Direction, HttpRole.Head), head.StartLine.Length + SizeOf(head.Fields));
        }
    }

    public void OnSecretFields(LivePath path, InspectedMessage message, IReadOnlyList<HttpField> fields)
    {
        lock (_lock)
        {
            Bind(path, message).OnFields(fields, "secret", static _ => true);
            Count(path.NameOf(message.Direction, HttpRole.Secret), SizeOf(fields));
        }
    }

    public void OnContent(LivePath path, InspectedMessage message, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            LiveMessage live = Bind(path, message);
            live.OnContent(content, _options.ShowContent);
            Count(live.ContentContext ?? path.NameOf(message.Direction, HttpRole.Content), content.Length);
        }
    }

    public void OnTrailers(LivePath path, InspectedMessage message)
    {
        lock (_lock)
        {
            IReadOnlyList<HttpField> trailers = message.Trailers!.Fields;
            Bind(path, message).OnFields(trailers, "trailers", name => IsSensitive(path, name));
            Count(path.NameOf(message.Direction, HttpRole.Head), SizeOf(trailers));
        }
    }

    public void OnTunnel(LivePath path, HttpDirection direction, int length)
    {
        lock (_lock)
        {
            Count(path.NameOf(direction, HttpRole.Tunnel), length);
        }
    }

    /// <summary>Something passes that cannot be read. Over HTTP/2, and in a tunnel, it does not tell whose it is.</summary>
    public void OnOpaque(LivePath path, HttpDirection direction, HttpRole role, int length)
    {
        lock (_lock)
        {
            ref LiveMessage? current = ref path.Current(direction);
            if (!path.IsHttp2 && role is HttpRole.Head or HttpRole.Content or HttpRole.Secret)
            {
                current ??= Add(path, direction);
                current.OnOpaque(role, length);
                current.Change = ++_change;
            }

            Count((role == HttpRole.Content ? current?.ContentContext : null) ?? path.NameOf(direction, role), length);
        }
    }

    /// <summary>A message has passed, was kept back, or ends with its connection.</summary>
    public void OnRecord(InspectionRecord record)
    {
        lock (_lock)
        {
            LivePath path = Find(record.Message.Connection);
            LiveMessage live = Bind(path, record.Message);
            live.Record = record;
            _withheld += record.Verdict.Action == InspectionAction.Forward ? 0 : 1;
            path.Open.Remove(record.Message);
            ref LiveMessage? current = ref path.Current(record.Message.Direction);
            if (current == live)
            {
                current = null;
            }
        }
    }

    private LivePath Find(InspectionContext context)
    {
        if (!_open.TryGetValue(context.ConnectionId, out LivePath? path))
        {
            path = new LivePath(++_lastPath, context, DateTimeOffset.UtcNow);
            _open.Add(context.ConnectionId, path);
            _pathChange = ++_change;
        }

        return path;
    }

    /// <summary>Finds what stands for a message, which may have begun with something that could not be read.</summary>
    private LiveMessage Bind(LivePath path, InspectedMessage message)
    {
        if (!path.Open.TryGetValue(message, out LiveMessage? live))
        {
            ref LiveMessage? current = ref path.Current(message.Direction);
            live = !path.IsHttp2 && current is { IsBound: false } begun ? begun : Add(path, message.Direction);
            live.IsBound = true;
            path.Open.Add(message, live);
            if (!path.IsHttp2)
            {
                current = live;
            }
        }

        live.Change = ++_change;
        return live;
    }

    private LiveMessage Add(LivePath path, HttpDirection direction)
    {
        InspectionRights rights = path.Rights[(int)direction];
        var live = new LiveMessage(++_lastMessage, path, direction, DateTimeOffset.UtcNow)
        {
            IsHeadSealed = !rights.ReadsHead,
            IsContentSealed = !rights.ReadsContent,
        };
        _messages[_lastMessage % MaxMessages] = live;
        path.Messages++;
        return live;
    }

    private void Count(string context, long bytes)
    {
        _bytes += bytes;
        _throughput.Add(context, bytes, Now);
    }

    private bool IsSensitive(LivePath path, string name) => _options.SensitiveFields.Contains(name)
        || (path.Profile?.Secrets is { } secrets && secrets.Contains(System.Text.Encoding.ASCII.GetBytes(name)));

    private static long Now => Environment.TickCount64 / 1000;

    private static long SizeOf(IReadOnlyList<HttpField> fields) => fields.Sum(field => (long)field.Name.Length + field.Value.Length + 4);
}
