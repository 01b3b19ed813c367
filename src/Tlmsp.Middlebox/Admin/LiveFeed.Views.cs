using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Admin;

/// <content>What browsers are told.</content>
internal sealed partial class LiveFeed
{
    private const int MaxPaths = 100;
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The number of the last change to the list of paths.</summary>
    public long PathChange
    {
        get
        {
            lock (_lock)
            {
                return _pathChange;
            }
        }
    }

    /// <summary>The middlebox, and its newest paths, open ones first.</summary>
    public OverviewView Overview()
    {
        lock (_lock)
        {
            PathView[] paths =
            [
                .. _open.Values.OrderByDescending(path => path.Number).Concat(_closed.Reverse()).Take(MaxPaths).Select(ViewOf),
            ];
            var totals = new TotalsView(_lastPath, _open.Count, _lastMessage, _withheld, _bytes);
            string addresses = string.Join(", ", middlebox.Listeners.Select(listener => listener.Settings.Address).Distinct());
            return new OverviewView(addresses, _startedAt, DateTimeOffset.UtcNow, _options.ShowContent, totals, paths);
        }
    }

    /// <summary>The messages that are new or have changed after a change, oldest first.</summary>
    public MessagesView Messages(long after)
    {
        lock (_lock)
        {
            MessageView[] changed =
            [
                .. _messages.Where(message => message is not null && (message.Change > after || after > _change))
                    .OrderBy(message => message!.Number).Select(message => ViewOf(message!)),
            ];
            return new MessagesView(_change, changed);
        }
    }

    /// <summary>All that is known of a message.</summary>
    /// <returns>Null for one that is not kept, or not any more.</returns>
    public MessageDetailView? Message(long number)
    {
        lock (_lock)
        {
            return number > 0 && _messages[number % MaxMessages] is { } message && message.Number == number
                ? new MessageDetailView(
                    ViewOf(message), message.Fields, message.MoreFields, message.SealedSecrets,
                    message.Record?.Verdict.Reason, ContentOf(message))
                : null;
        }
    }

    /// <summary>Bytes per context and second.</summary>
    public Dictionary<string, long[]> Throughput()
    {
        lock (_lock)
        {
            return _throughput.Read(Now);
        }
    }

    private PathView ViewOf(LivePath path)
    {
        TlmspSessionInfo session = path.Context.Session;
        BoxView[] boxes =
        [
            .. session.Middleboxes.Select(box => new BoxView(
                box.Address.Text, box.Address == path.Context.Address, box.Inserted,
                [.. path.Contexts.Select(each => Letters(box.Grant[each.Id]))])),
        ];
        return new PathView(
            path.Number, path.Context.ConnectionId, path.OpenedAt, path.ClosedAt, path.Fault, session.ServerName,
            session.CipherSuite.ToString() ?? "", path.Profile?.ToString(), path.Messages, path.Contexts, boxes);
    }

    private static MessageView ViewOf(LiveMessage message)
    {
        InspectionRecord? record = message.Record;
        return new MessageView(
            message.Number, message.Path.Number, message.Direction == HttpDirection.Request ? "request" : "response", message.At,
            message.StartLine, message.IsHeadSealed, message.SealedHead, message.ContentState(), message.ContentBytes,
            record is null ? "passing" : record.Verdict.Action.ToString().ToLowerInvariant(),
            record?.Inspector, record is { IsContentChanged: true }, record is { IsComplete: true });
    }

    /// <summary>As text where it is UTF-8 without control characters, else as hexadecimal digits.</summary>
    private static ContentView ContentOf(LiveMessage message)
    {
        ReadOnlyMemory<byte> kept = message.Kept;
        if (message.ContentState() != "shown")
        {
            return new ContentView(null, null, 0);
        }

        // Where it was cut, the last character may not be whole.
        for (int cut = 0; cut <= 3 && cut <= kept.Length && (cut == 0 || kept.Length < message.ContentBytes); cut++)
        {
            try
            {
                string text = s_utf8.GetString(kept.Span[..^cut]);
                if (!text.Any(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n')))
                {
                    return new ContentView("text", text, kept.Length);
                }

                break;
            }
            catch (DecoderFallbackException)
            {
                // Not to be decoded, or cut further.
            }
        }

        return new ContentView("hex", Convert.ToHexString(kept.Span).ToLowerInvariant(), kept.Length);
    }

    private static string Letters(TlmspAccess access) => access switch
    {
        TlmspAccess.Write => "rw",
        TlmspAccess.Delete => "rd",
        TlmspAccess.Read => "r",
        _ => "none",
    };
}
