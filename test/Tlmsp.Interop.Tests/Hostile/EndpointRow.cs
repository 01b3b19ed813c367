namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>How an attack by an endpoint ends, as the parties on its path report it.</summary>
/// <param name="Nearest">Our middlebox next to the attacker, on a path with one.</param>
/// <param name="Endpoint">Our endpoint at the far end.</param>
/// <param name="Attacker">The attacker: "alert N", "refused N", "closed" or "ok".</param>
internal sealed record EndpointEnding(string Nearest, string Endpoint, string Attacker)
{
    /// <summary>Our other middlebox, on a path with two.</summary>
    public string Between { get; init; } = Endings.Nothing;

    /// <summary>Requests that our application saw in full, where the server is ours.</summary>
    public string Served { get; init; } = Endings.Nothing;
}

/// <summary>The end of an attack on a path with so many middleboxes of ours.</summary>
internal delegate EndpointEnding EndingWith(int middleboxes);

/// <summary>One hostile endpoint, on one or more paths.</summary>
/// <param name="Switches">Of the peer.</param>
/// <param name="Phase">When it strikes.</param>
/// <param name="Middleboxes">How many middleboxes of ours, for each path that it is tried on.</param>
/// <param name="Ending">What follows.</param>
internal sealed record EndpointRow(string Switches, Phase Phase, int[] Middleboxes, EndingWith Ending)
{
    public override string ToString() => $"{Switches} ({string.Join(", ", Middleboxes)} middleboxes)";
}

/// <summary>Tables: what the attacks of one line have in common, and the attacks.</summary>
internal static class EndpointRows
{
    /// <summary>Attacks on the handshake, over a direct connection and through a middlebox.</summary>
    public static IEnumerable<EndpointRow> Handshake(EndingWith ending, params string[] attacks) => Rows(Phase.Handshake, ending, attacks);

    /// <summary>Attacks on the data phase, over a direct connection and through a middlebox.</summary>
    public static IEnumerable<EndpointRow> Data(EndingWith ending, params string[] attacks) => Rows(Phase.Data, ending, attacks);

    /// <summary>The same on other paths: the numbers of records and some messages depend on the middleboxes.</summary>
    public static IEnumerable<EndpointRow> Through(this IEnumerable<EndpointRow> rows, params int[] middleboxes) =>
        rows.Select(row => row with { Middleboxes = middleboxes });

    /// <summary>The first of our parties finds it; the others are told.</summary>
    public static EndingWith Neighbour(Misbehaviour misbehaviour, int alert) => middleboxes => middleboxes > 0
        ? Told(Endings.Report(misbehaviour, alert), Endings.Received(alert), alert)
        : Told(Endings.Nothing, Endings.Report(misbehaviour, alert), alert);

    /// <summary>Only the far endpoint can find it; middleboxes are told.</summary>
    public static EndingWith FarEnd(Misbehaviour misbehaviour, int alert) => _ =>
        Told(Endings.Received(alert), Endings.Report(misbehaviour, alert), alert);

    /// <summary>The second of two middleboxes finds it.</summary>
    public static EndingWith Further(Misbehaviour misbehaviour, int alert) => _ =>
        Told(Endings.Received(alert), Endings.Received(alert), alert) with { Between = Endings.Report(misbehaviour, alert) };

    /// <summary>Every middlebox is attacked: the second finds it in any case, the first unless the second has told it by then.</summary>
    public static EndingWith EveryNeighbour(Misbehaviour misbehaviour, int alert) => middleboxes => middleboxes < 2
        ? Neighbour(misbehaviour, alert)(middleboxes)
        : Further(misbehaviour, alert)(middleboxes) with { Nearest = Endings.Or(Endings.Report(misbehaviour, alert), Endings.Received(alert)) };

    /// <summary>The attacker itself sends an alert, or refuses what our party answers.</summary>
    public static EndingWith Alerted(int alert, string attacker) => _ => Told(Endings.Received(alert), Endings.Received(alert), alert) with { Attacker = attacker };

    /// <summary>The connection ends where it must not, and nobody is left to be told.</summary>
    public static EndpointEnding Cut(int middleboxes) => new(Endings.Closed, Endings.Closed, "closed") { Between = Endings.Closed };

    /// <summary>The server's connection ends inside the handshake: a middlebox next to it says that the path does not go on.</summary>
    public static EndpointEnding ServerGone(int middleboxes) => middleboxes == 0 ? Cut(middleboxes) : new(
        Endings.NoWayOn, Endings.Received(170), "closed") { Between = Endings.Received(170) };

    /// <summary>The connection ends between two records: only who waits for more can take offence.</summary>
    public static EndpointEnding CutBetweenRecords(int middleboxes) => new(Endings.Nothing, Endings.Closed, "closed");

    /// <summary>Nothing more comes, and our endpoint's patience ends.</summary>
    public static EndpointEnding Silence(int middleboxes) => new(Endings.Closed, Endings.TimedOut, "closed") { Between = Endings.Closed };

    /// <summary>Nothing more comes, and the patience of the first of our parties ends.</summary>
    public static EndpointEnding NeighbourGivesUp(int middleboxes) => middleboxes > 0
        ? new(Endings.TimedOut, Endings.Closed, "closed") { Between = Endings.Closed }
        : new(Endings.Nothing, Endings.TimedOut, "closed");

    /// <summary>Harmless: the exchange is complete and correct.</summary>
    public static EndpointEnding Harmless(int middleboxes) => new(Endings.Nothing, Endings.Success, "ok");

    /// <summary>The attack is over before our middlebox has connected to its next hop.</summary>
    public static EndingWith BeforeRouting(this EndingWith ending) => middleboxes => middleboxes > 0
        ? ending(middleboxes) with { Between = Endings.Nothing, Endpoint = Endings.Nothing }
        : ending(middleboxes);

    /// <summary>The attacker reports something else than the alert.</summary>
    public static EndingWith AttackerSees(this EndingWith ending, params string[] reports) =>
        middleboxes => ending(middleboxes) with { Attacker = Endings.Or(reports) };

    /// <summary>A request was complete before the attack.</summary>
    public static EndingWith AfterRequest(this EndingWith ending) => middleboxes => ending(middleboxes) with { Served = "/echo" };

    private static IEnumerable<EndpointRow> Rows(Phase phase, EndingWith ending, string[] attacks) =>
        attacks.Select(attack => new EndpointRow(attack, phase, [0, 1], ending));

    private static EndpointEnding Told(string nearest, string endpoint, int alert) =>
        new(nearest, endpoint, $"alert {alert}") { Between = Endings.Received(alert) };
}
