using System.Globalization;
using Tlmsp.Tool.Cli;
using Tlmsp.Tool.Raw;

namespace Tlmsp.Tool.Decode;

/// <summary>Writes decoded connections for people to read, and counts what came of them.</summary>
internal sealed class Listing(ToolConsole console, int maxBytes)
{
    private const string Indent = "                  ";
    private readonly Ink _ink = console.OutInk;
    private int _records;
    private int _containers;
    private int _good;
    private int _failed;
    private int _unchecked;
    private int _faults;

    /// <summary>True when a MAC failed, or a receiver would have ended a connection.</summary>
    public bool HasFailures => _failed + _faults > 0;

    public void Connection(string name) => console.Line(_ink.Bold($"== {name}"));

    public void Record(DecodedRecord record)
    {
        bool toServer = record.Direction == Direction.ClientToServer;
        string arrow = toServer ? _ink.Blue("->") : _ink.Green("<-");
        string time = record.Time is { } at ? at.TotalSeconds.ToString("F6", CultureInfo.InvariantCulture) : "";
        string type = record.Type switch
        {
            RecordType.Handshake => "handshake",
            RecordType.ChangeCipherSpec => "ccs",
            RecordType.Alert => "alert",
            RecordType.ApplicationData => "data",
            _ => $"type {(byte)record.Type}",
        };
        string title = record.Title.Length > 0 ? $"  {_ink.Bold(record.Title)}" : "";
        console.Line(string.Create(CultureInfo.InvariantCulture, $"{++_records,4} {time,10} {arrow} {type,-9} {record.Length,5} B{title}"));
        foreach (string line in record.Details)
        {
            console.Line($"{Indent}{line}");
        }

        foreach (DecodedContainer container in record.Containers)
        {
            Container(container, isAlert: record.Type == RecordType.Alert);
        }

        if (record.Fault is { } fault)
        {
            _faults++;
            console.Line($"{Indent}{_ink.Red($"FAULT {fault}")}");
        }
    }

    public void Rest(string direction, int bytes)
    {
        if (bytes > 0)
        {
            console.Line($"     {_ink.Yellow($"{bytes} bytes {direction} are no whole record: the capture ends inside it")}");
        }
    }

    public void Summary() => console.Line(string.Create(
        CultureInfo.InvariantCulture,
        $"== {_records} records, {_containers} containers; "
            + $"MACs: {_good} ok, {_failed} FAILED, {_unchecked} without key; {_faults} faults"));

    private void Container(DecodedContainer container, bool isAlert)
    {
        _containers++;
        string what = (container.IsDeleted ? " deleted" : "") + (container.IsInserted ? " inserted" : "")
            + (container.IsAudited ? " audited" : "");
        string who = container.Origin is { } origin && origin != container.Author
            ? $"from {PathText.Entity(origin)}, made by {PathText.Entity(container.Author)}"
            : $"from {PathText.Entity(container.Author)}";
        string data = container.Plaintext is null ? $"  {_ink.Dim(container.Macs.Any(IsBadTag) ? "(does not authenticate)" : "(sealed)")}"
            : isAlert ? $"  {ContainerLine.Alert(container.Plaintext)}"
            : "";
        console.Line($"{Indent}{_ink.Cyan($"ctx {container.ContextId}")}  {container.Length} B  {who}{_ink.Yellow(what)}{data}");
        if (container.Macs.Count > 0)
        {
            console.Line($"{Indent}{string.Join("  ", container.Macs.Select(Text))}");
        }

        if (container.Plaintext is { Length: > 0 } plaintext && !isAlert)
        {
            foreach (string line in DataText.Dump(plaintext, maxBytes))
            {
                console.Line($"{Indent}{_ink.Dim("|")} {line}");
            }
        }
    }

    private static bool IsBadTag(CheckedMac mac) => mac is { Mac: ContainerMac.FragmentTag, Verdict: MacVerdict.Failed };

    private string Text(CheckedMac mac)
    {
        string name = mac.Mac switch
        {
            ContainerMac.FragmentTag => "tag",
            ContainerMac.Writer => "writer",
            ContainerMac.ReaderCheck => $"reader-check({PathText.Entity(mac.Entity)})",
            _ => $"check({PathText.Entity(mac.Entity)})",
        };
        switch (mac.Verdict)
        {
            case MacVerdict.Good:
                _good++;
                return $"{name} {_ink.Green("ok")}";
            case MacVerdict.Failed:
                _failed++;
                return $"{name} {_ink.Red("FAILED")}";
            default:
                _unchecked++;
                return $"{name} {_ink.Dim("no key")}";
        }
    }
}
