namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>How an attack by a middlebox ends, as our parties report it.</summary>
internal sealed record MiddleboxEnding(string Client, string Front, string Back, string Server)
{
    /// <summary>Requests that our application saw in full.</summary>
    public string Served { get; init; } = Endings.Nothing;
}

/// <summary>The end of an attack on a path such as "po": the hostile middlebox, then one of ours.</summary>
internal delegate MiddleboxEnding EndingOn(string path);

/// <summary>One hostile middlebox, on one or more paths.</summary>
/// <param name="Switches">Of the peer.</param>
/// <param name="Phase">When it strikes.</param>
/// <param name="Ending">What follows.</param>
internal sealed record MiddleboxRow(string Switches, Phase Phase, EndingOn Ending)
{
    /// <summary>Middleboxes from the client's side: p is the hostile one, o one of ours.</summary>
    public string[] Paths { get; init; } = ["p", "op", "po"];

    /// <summary>What the hostile middlebox is granted.</summary>
    public string Grant { get; init; } = "1=r,2=r";

    /// <summary>Whether the contexts are audited.</summary>
    public bool Audited { get; init; }

    public override string ToString() => $"{Switches} ({Grant}{(Audited ? ", audited" : "")}; {string.Join(", ", Paths)})";
}

/// <summary>Tables: what the attacks of one line have in common, and the attacks.</summary>
internal static class MiddleboxRows
{
    /// <summary>Attacks on the handshake.</summary>
    public static IEnumerable<MiddleboxRow> Handshake(EndingOn ending, params string[] attacks) =>
        attacks.Select(attack => new MiddleboxRow(attack, Phase.Handshake, ending));

    /// <summary>Attacks on the data phase.</summary>
    public static IEnumerable<MiddleboxRow> Data(EndingOn ending, params string[] attacks) =>
        attacks.Select(attack => new MiddleboxRow(attack, Phase.Data, ending));

    /// <summary>The same with other rights.</summary>
    public static IEnumerable<MiddleboxRow> Granted(this IEnumerable<MiddleboxRow> rows, string grant, bool audited = false) =>
        rows.Select(row => row with { Grant = grant, Audited = audited });

    /// <summary>The same on other paths.</summary>
    public static IEnumerable<MiddleboxRow> On(this IEnumerable<MiddleboxRow> rows, params string[] paths) => rows.Select(row => row with { Paths = paths });

    /// <summary>What goes towards the server: the next of our parties finds it.</summary>
    public static EndingOn NextToServer(Misbehaviour misbehaviour, int alert) => path => HasBack(path)
        ? TowardsServer(path, alert) with { Back = Endings.Report(misbehaviour, alert) }
        : ServerFinds(misbehaviour, alert)(path);

    /// <summary>What goes towards the server: only the server can find it.</summary>
    public static EndingOn ServerFinds(Misbehaviour misbehaviour, int alert) =>
        path => TowardsServer(path, alert) with { Server = Endings.Report(misbehaviour, alert) };

    /// <summary>What goes towards the client: the next of our parties finds it.</summary>
    public static EndingOn NextToClient(Misbehaviour misbehaviour, int alert) => path => HasFront(path)
        ? TowardsClient(path, alert) with { Front = Endings.Report(misbehaviour, alert) }
        : ClientFinds(misbehaviour, alert)(path);

    /// <summary>What goes towards the client: only the client can find it.</summary>
    public static EndingOn ClientFinds(Misbehaviour misbehaviour, int alert) =>
        path => TowardsClient(path, alert) with { Client = Endings.Report(misbehaviour, alert) };

    /// <summary>What goes towards the server: the server finds it, or the next of our parties before it.</summary>
    public static EndingOn NextOrServer(Misbehaviour misbehaviour, int alert) => path =>
    {
        string either = Endings.Or(Endings.Report(misbehaviour, alert), Endings.Received(alert));
        return HasBack(path) ? TowardsServer(path, alert) with { Back = either, Server = either } : ServerFinds(misbehaviour, alert)(path);
    };

    /// <summary>What goes towards the client: the client finds it, or the next of our parties before it.</summary>
    public static EndingOn NextOrClient(Misbehaviour misbehaviour, int alert) => path =>
    {
        string either = Endings.Or(Endings.Report(misbehaviour, alert), Endings.Received(alert));
        return HasFront(path) ? TowardsClient(path, alert) with { Front = either, Client = either } : ClientFinds(misbehaviour, alert)(path);
    };

    /// <summary>Both endpoints are shown the same and both find it, unless one has told the other by then.</summary>
    public static EndingOn BothEndsFind(Misbehaviour misbehaviour, int alert) => path =>
    {
        string found = Endings.Or(Endings.Report(misbehaviour, alert), Endings.Received(alert), Endings.Closed);
        return new(
            HasFront(path) ? Endings.Or(found, Endings.Received(170)) : found,
            IfFront(path, Endings.Or(Endings.Received(alert), Endings.NoWayOn)), IfBack(path, Endings.Or(Endings.Received(alert), Endings.Closed)), found);
    };

    /// <summary>Nothing more comes, and the client's patience ends; the server may have been satisfied.</summary>
    public static MiddleboxEnding Silence(string path) => new(
        Endings.TimedOut, IfFront(path, Endings.Closed), IfBack(path, Endings.Or(Endings.Closed, Endings.Nothing)),
        Endings.Or(Endings.Closed, Endings.Nothing));

    /// <summary>The attacker closes both connections.</summary>
    public static MiddleboxEnding Gone(string path) => new(
        HasFront(path) ? Endings.Received(170) : Endings.Closed, IfFront(path, Endings.NoWayOn),
        IfBack(path, Endings.Or(Endings.Closed, Endings.Nothing)), Endings.Or(Endings.Closed, Endings.Nothing));

    /// <summary>The attacker closes both connections when both handshakes are complete.</summary>
    public static MiddleboxEnding GoneInData(string path) => new(
        Endings.Closed, IfFront(path, Endings.Or(Endings.Closed, Endings.Nothing)),
        IfBack(path, Endings.Or(Endings.Closed, Endings.Nothing)), Endings.Or(Endings.Closed, Endings.Nothing));

    /// <summary>The attacker itself refuses what comes back, and tells the others so.</summary>
    public static EndingOn OrAttackerRefuses(this EndingOn ending, int alert) => path =>
    {
        MiddleboxEnding told = ending(path);
        return told with
        {
            Back = HasBack(path) ? Endings.Or(told.Back, Endings.Received(alert)) : told.Back,
            Server = Endings.Or(told.Server, Endings.Received(alert)),
        };
    };

    /// <summary>Harmless: the exchange is complete and correct.</summary>
    public static MiddleboxEnding Harmless(string path) =>
        new(Endings.Success, Endings.Nothing, Endings.Nothing, Endings.Nothing) { Served = "/echo" };

    /// <summary>The request was complete before the attack.</summary>
    public static EndingOn AfterRequest(this EndingOn ending) => path => ending(path) with { Served = "/echo" };

    /// <summary>The client's request may have gone out before it saw what was wrong.</summary>
    public static EndingOn PerhapsAfterRequest(this EndingOn ending) => path => ending(path) with { Served = Endings.Or("/echo", Endings.Nothing) };

    /// <summary>The middlebox behind is not connected to the server yet.</summary>
    public static EndingOn BeforeRouting(this EndingOn ending) => path => HasBack(path) ? ending(path) with { Server = Endings.Nothing } : ending(path);

    public static bool HasFront(string path) => path.StartsWith('o');

    public static bool HasBack(string path) => path.EndsWith('o');

    /// <summary>Behind the attacker the server tells the middlebox of ours; before it, it is for the attacker whether anybody is told.</summary>
    private static MiddleboxEnding TowardsServer(string path, int alert) => new(
        HasFront(path)
            ? Endings.Or(Endings.Received(alert), Endings.Closed, Endings.Received(170))
            : Endings.Or(Endings.Received(alert), Endings.Closed),
        IfFront(path, Endings.Or(Endings.Received(alert), Endings.NoWayOn, Endings.Closed, Endings.Nothing)),
        IfBack(path, Endings.Received(alert)), Endings.Received(alert));

    private static MiddleboxEnding TowardsClient(string path, int alert) => new(
        Endings.Received(alert), IfFront(path, Endings.Received(alert)),
        IfBack(path, Endings.Or(Endings.Received(alert), Endings.Closed, Endings.Nothing)),
        Endings.Or(Endings.Received(alert), Endings.Closed, Endings.Nothing));

    private static string IfFront(string path, string report) => HasFront(path) ? report : Endings.Nothing;

    private static string IfBack(string path, string report) => HasBack(path) ? report : Endings.Nothing;
}
