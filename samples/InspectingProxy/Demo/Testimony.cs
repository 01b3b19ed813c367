using System.Text;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace InspectingProxy.Demo;

/// <summary>What one box saw, what it could not see, and what it decided, over all its connections.</summary>
/// <param name="name">The box.</param>
/// <param name="rights">What it is granted.</param>
internal sealed class Testimony(string name, string rights)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(HttpDirection, HttpRole), (int Pieces, long Bytes)> _sealed = [];
    private readonly SortedDictionary<(HttpDirection, HttpRole), int> _seen = [];
    private readonly StringBuilder _text = new();
    private readonly SortedSet<string> _decisions = [];

    /// <summary>All that it was shown.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
            {
                return _text.ToString();
            }
        }
    }

    public bool HasDecided(string reason)
    {
        lock (_lock)
        {
            return _decisions.Any(decision => decision.Contains(reason, StringComparison.Ordinal));
        }
    }

    /// <summary>Whether it saw these parts and no others, and something of all others passed it sealed.</summary>
    public bool SawOnly(params (HttpDirection, HttpRole)[] parts)
    {
        lock (_lock)
        {
            return _seen.Keys.SequenceEqual(parts.Order()) && !_sealed.Keys.Intersect(parts).Any() && _sealed.Count > 0;
        }
    }

    public void Seen(HttpDirection direction, HttpRole role, string text)
    {
        lock (_lock)
        {
            _seen[(direction, role)] = _seen.GetValueOrDefault((direction, role)) + 1;
            _text.Append(text).Append('\n');
        }
    }

    public void Sealed(HttpDirection direction, HttpRole role, int bytes)
    {
        lock (_lock)
        {
            (int pieces, long before) = _sealed.GetValueOrDefault((direction, role));
            _sealed[(direction, role)] = (pieces + 1, before + bytes);
        }
    }

    public void Decided(InspectionVerdict verdict)
    {
        lock (_lock)
        {
            _decisions.Add($"{verdict.Action}: {verdict.Reason}");
        }
    }

    public void Print()
    {
        lock (_lock)
        {
            Console.WriteLine($"  {name}, granted {rights}");
            foreach (((HttpDirection direction, HttpRole role), int pieces) in _seen)
            {
                Console.WriteLine($"    saw            {Name(direction, role)}, {pieces} times");
            }

            foreach (((HttpDirection direction, HttpRole role), (int pieces, long bytes)) in _sealed)
            {
                Console.WriteLine($"    could not see  {Name(direction, role)}: {bytes} bytes in {pieces} pieces");
            }

            foreach (string decision in _decisions)
            {
                Console.WriteLine($"    decided        {decision}");
            }
        }
    }

    private static string Name(HttpDirection direction, HttpRole role) =>
        (role switch { HttpRole.Head => "heads", HttpRole.Content => "content", HttpRole.Secret => "sensitive fields", _ => "tunnels" })
        + (direction == HttpDirection.Request ? " of requests" : " of responses");
}

/// <summary>An inspector that only takes notes.</summary>
internal sealed class Witness(Testimony testimony) : ITlmspInspector
{
    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        HttpHead head = message.Head!;
        testimony.Seen(message.Direction, HttpRole.Head, $"{head.StartLine}\n{Lines(head.Fields)}");
        return default;
    }

    public ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken)
    {
        testimony.Seen(message.Direction, HttpRole.Secret, Lines(fields));
        return default;
    }

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        testimony.Seen(message.Direction, HttpRole.Content, Encoding.UTF8.GetString(content.Memory.Span));
        return default;
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken)
    {
        testimony.Sealed(direction, role, length);
        return ValueTask.CompletedTask;
    }

    private static string Lines(IEnumerable<HttpField> fields) => string.Join('\n', fields.Select(field => $"{field.Name}: {field.Value}"));
}

/// <summary>Hears what the box decided.</summary>
internal sealed class Decisions(Testimony testimony) : IInspectionSink
{
    public ValueTask OnMessageAsync(InspectionRecord record, CancellationToken cancellationToken)
    {
        if (record.Verdict.Action != InspectionAction.Forward)
        {
            testimony.Decided(record.Verdict);
        }

        return ValueTask.CompletedTask;
    }
}
