using Microsoft.Extensions.Logging;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>What to look for, ready to be used.</summary>
internal sealed class ContentScanRules(ContentScannerOptions options, ILogger logger)
{
    public ContentScannerOptions Options { get; } = options;

    public ILogger Logger { get; } = logger;

    public ContentPattern[] Patterns { get; } =
    [
        .. options.Patterns.Select(pattern => pattern.Literal is { Length: > 0 } literal
            ? (ContentPattern)LiteralPattern.Create(pattern.Name!, literal, pattern.IgnoreCase)
            : new RegexPattern(pattern.Name!, Inspectors.Patterns.Create(pattern.Regex!, pattern.IgnoreCase), pattern.MaxLength)),
        .. options.CardNumbers ? (ContentPattern[])[new CardNumberPattern()] : [],
    ];

    public bool Scans(HttpDirection direction) =>
        Options.Scan == ScanTarget.Both || (Options.Scan == ScanTarget.Requests) == (direction == HttpDirection.Request);
}

/// <summary>Looks for patterns in content as it streams by, however it is cut into containers, chunks and frames.</summary>
internal sealed partial class ContentScannerInspector(ContentScanRules rules) : ITlmspInspector
{
    private const int MostHeld = 16 * 1024;

    public IReadOnlyList<InspectorNeedsAttribute> Needs =>
    [
        .. new[] { HttpDirection.Request, HttpDirection.Response }.Where(rules.Scans).Select(direction => new InspectorNeedsAttribute(
            direction, HttpRole.Content, rules.Options.Action == ScanAction.Redact ? TlmspAccess.Write : TlmspAccess.Read)),
    ];

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken) =>
        new(rules.Scans(message.Direction) ? Content(message, content, isEnd: false) : default);

    public ValueTask<InspectionVerdict> OnMessageEndAsync(
        InspectedMessage message, InspectedContent held, CancellationToken cancellationToken) =>
        new(rules.Scans(message.Direction) && !held.Memory.IsEmpty ? Content(message, held, isEnd: true) : default);

    private InspectionVerdict Content(InspectedMessage message, InspectedContent content, bool isEnd)
    {
        // Where heads are sealed over HTTP/1.1 nothing tells where a message ends, and what of it is framing.
        bool knowsMessage = message.Head is not null || message.StreamId != 0;
        if (!message.Items.TryGetValue(this, out object? known))
        {
            message.Items[this] = known = new Scan(rules.Patterns, isFramed: !knowsMessage);
        }

        var scan = (Scan)known!;
        if (scan.Encoding(message, content.Memory.Span) is { } encoding)
        {
            return Encoded(message, scan, encoding);
        }

        bool mayHold = rules.Options.Action != ScanAction.Report && knowsMessage && !isEnd && content.Memory.Length <= MostHeld;
        if (mayHold && scan.Raw.MayGoOn(content.Memory.Span, streams: rules.Options.Action == ScanAction.Close))
        {
            return InspectionVerdict.Hold;
        }

        List<ContentFinding> findings = scan.Raw.Pass(content.Memory.Span);
        if (scan.Unframed is { } unframed)
        {
            findings.AddRange(unframed.Pass(content.Memory.Span));
        }

        foreach (string name in findings.Select(finding => finding.Pattern.Name).Where(scan.Reported.Add))
        {
            LogFound(rules.Logger, message.Connection.ConnectionId, name, message.Direction, message.Number);
        }

        return findings.Count == 0 || rules.Options.Action == ScanAction.Report ? default
            : rules.Options.Action == ScanAction.Close ? InspectionVerdict.Close($"'{findings[0].Pattern.Name}' was found in the content")
            : Redact(content, findings);
    }

    private InspectionVerdict Redact(InspectedContent content, List<ContentFinding> findings)
    {
        byte[] masked = content.Memory.ToArray();
        foreach (ContentFinding finding in findings)
        {
            foreach (int offset in finding.Offsets)
            {
                if (offset < 0)
                {
                    return InspectionVerdict.Close($"'{finding.Pattern.Name}' was found in content of which the beginning has passed");
                }

                masked[offset] = (byte)rules.Options.Mask;
            }
        }

        if (!content.CanWrite)
        {
            return InspectionVerdict.Close($"'{findings[0].Pattern.Name}' was found in content that may not be written");
        }

        content.Replace(masked);
        return default;
    }

    private InspectionVerdict Encoded(InspectedMessage message, Scan scan, string encoding)
    {
        if (rules.Options.OnEncoded == EncodedAction.Refuse)
        {
            return InspectionVerdict.Close($"the content is encoded with {encoding}, so it cannot be scanned (OnEncoded)");
        }

        if (scan.Reported.Add(encoding))
        {
            LogSkipped(rules.Logger, message.Connection.ConnectionId, message.Direction, message.Number, encoding);
        }

        return default;
    }

    [LoggerMessage(1, LogLevel.Warning, "Connection {ConnectionId}: '{Pattern}' was found in the content of {Direction} {Number}.")]
    private static partial void LogFound(ILogger logger, string connectionId, string pattern, HttpDirection direction, long number);

    [LoggerMessage(2, LogLevel.Warning, "Connection {ConnectionId}: the content of {Direction} {Number} passes without being scanned: "
        + "it is encoded with {Encoding}.")]
    private static partial void LogSkipped(ILogger logger, string connectionId, HttpDirection direction, long number, string encoding);

    /// <summary>How far one message has been scanned.</summary>
    private sealed class Scan(ContentPattern[] patterns, bool isFramed)
    {
        private readonly EncodingDetector _detector = new();
        private string? _encoding;

        public ContentView Raw { get; } = new(patterns, isWithoutFraming: false);

        public ContentView? Unframed { get; } = isFramed ? new ContentView(patterns, isWithoutFraming: true) : null;

        public HashSet<string> Reported { get; } = [];

        /// <returns>What content is encoded with; null for nothing.</returns>
        public string? Encoding(InspectedMessage message, ReadOnlySpan<byte> content) => _encoding ??=
            message.Head is { } head ? EncodingDetector.Of(head)
            : _detector.Find(content);
    }
}
