namespace Tlmsp.Middlebox.Admin;

/// <summary>The middlebox and its paths.</summary>
internal sealed record OverviewView(
    string Address, DateTimeOffset StartedAt, DateTimeOffset Now, bool ShowsContent, TotalsView Totals, IReadOnlyList<PathView> Paths);

/// <summary>Since the start.</summary>
/// <param name="Paths">Paths that were opened.</param>
/// <param name="Open">Those that are open.</param>
/// <param name="Messages">Messages that have begun.</param>
/// <param name="Withheld">Messages with another verdict than to forward.</param>
/// <param name="Bytes">Bytes in all contexts, as far as the page is told of them.</param>
internal sealed record TotalsView(long Paths, int Open, long Messages, long Withheld, long Bytes);

/// <summary>A path.</summary>
internal sealed record PathView(
    long Number, string Connection, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt, string? Fault, string? ServerName, string Suite,
    string? Profile, long Messages, IReadOnlyList<LiveContext> Contexts, IReadOnlyList<BoxView> Boxes);

/// <summary>A middlebox of a path.</summary>
/// <param name="Address">Its address.</param>
/// <param name="IsThis">Whether it is the one that serves the page.</param>
/// <param name="Inserted">Whether the server inserted it.</param>
/// <param name="Access">Per context of the path: <c>none</c>, <c>r</c>, <c>rd</c> or <c>rw</c>.</param>
internal sealed record BoxView(string Address, bool IsThis, bool Inserted, IReadOnlyList<string> Access);

/// <summary>Messages.</summary>
/// <param name="Last">To ask for what comes after.</param>
/// <param name="Messages">In the order in which they began.</param>
internal sealed record MessagesView(long Last, IReadOnlyList<MessageView> Messages);

/// <summary>A message in the list.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Path">Number of its path.</param>
/// <param name="Direction"><c>request</c> or <c>response</c>.</param>
/// <param name="At">When it began.</param>
/// <param name="StartLine">Its start line; null where that has not come or is sealed.</param>
/// <param name="HeadSealed">Whether its head is sealed.</param>
/// <param name="HeadBytes">How much of a sealed head has passed.</param>
/// <param name="Content"><c>none</c>, <c>sealed</c>, <c>notKept</c> or <c>shown</c>.</param>
/// <param name="ContentBytes">How much of it has passed.</param>
/// <param name="Verdict"><c>passing</c>, or what was decided.</param>
/// <param name="Inspector">Who decided.</param>
/// <param name="Changed">Whether content was changed.</param>
/// <param name="Complete">Whether all of it has passed.</param>
internal sealed record MessageView(
    long Number, long Path, string Direction, DateTimeOffset At, string? StartLine, bool HeadSealed, long HeadBytes, string Content,
    long ContentBytes, string Verdict, string? Inspector, bool Changed, bool Complete);

/// <summary>All that is known of a message.</summary>
internal sealed record MessageDetailView(
    MessageView Message, IReadOnlyList<LiveField> Fields, int MoreFields, long SealedSecrets, string? Reason, ContentView Body);

/// <summary>Content.</summary>
/// <param name="Form"><c>text</c> or <c>hex</c>; null where it is not shown.</param>
/// <param name="Text">What is shown.</param>
/// <param name="Bytes">How many bytes that stands for.</param>
internal sealed record ContentView(string? Form, string? Text, int Bytes);
