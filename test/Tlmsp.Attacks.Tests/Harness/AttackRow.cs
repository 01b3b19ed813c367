namespace Tlmsp.Attacks.Tests;

/// <summary>One attack: who does what, and what stops it. <c>docs/attacks.md</c> lists the same.</summary>
/// <param name="Id">Its number: A1 to A15 of the mapping's attacks, C1 to C14 of the threats to HTTP on contexts, X for others.</param>
/// <param name="Tried">What is tried.</param>
internal abstract record AttackRow(string Id, string Tried)
{
    /// <summary>Whether the connection carries HTTP/2.</summary>
    public bool Http2 { get; init; }

    /// <summary>Who does it.</summary>
    public abstract string Actor { get; }

    /// <summary>What stops it; the run asserts just that.</summary>
    public abstract string StoppedBy { get; }

    public string Version => Http2 ? "HTTP/2" : "HTTP/1.1";

    /// <summary>The name of its test.</summary>
    public string Name => $"{Id} | {Version} | {Actor} | {Tried}";

    /// <summary>What is printed when the attack was stopped.</summary>
    public string Line => $"{Name} | stopped by: {StoppedBy}";

    /// <summary>Runs the honest traffic, and then the attack.</summary>
    public abstract Task RunAsync();

    /// <summary>How an alert is written in <see cref="StoppedBy"/>.</summary>
    protected static string Describe(string who, TlmspAlert alert, byte contextId, string fault) =>
        $"{who}, alert {(byte)alert} {alert}{(contextId == 0 ? "" : $" in context {contextId}")}: {fault}";
}

/// <summary>An attack with a course of its own.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Who">Who does it.</param>
/// <param name="Tried">What is tried.</param>
/// <param name="Stop">What stops it.</param>
/// <param name="Run">Runs the honest traffic and the attack, with all assertions.</param>
internal sealed record OtherAttack(string Id, string Who, string Tried, string Stop, Func<Task> Run) : AttackRow(Id, Tried)
{
    public override string Actor => Who;

    public override string StoppedBy => Stop;

    public override Task RunAsync() => Run();
}
