using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>What middleboxes do in a context.</summary>
internal enum Operation
{
    Read,
    WriteUntouched,
    Modify,
    ModifyTail,
    Insert,
    Delete,
    NoAccess,
}

/// <summary>A container as a party got it. The tools of the reference do not tell whom it came from; origin and author are null there.</summary>
/// <param name="Text">Its content; null where it is opaque.</param>
/// <param name="Deleted">True for a delete notice.</param>
/// <param name="Origin">The party that put it on the path.</param>
/// <param name="Author">The party that made it what it is.</param>
internal sealed record Arrival(string? Text, bool Deleted = false, string? Origin = null, string? Author = null);

/// <summary>
/// One context of the dialogue: the client asks, the server answers. The first middlebox of a path works on questions, the last one on
/// answers; others only look.
/// </summary>
internal sealed record Topic(byte Id, Operation Operation, bool Audited)
{
    /// <summary>What a middlebox deletes.</summary>
    public const string Unwanted = "drop-me";

    /// <summary>What a middlebox inserts.</summary>
    public const string Addition = "more";

    /// <summary>Every operation, in contexts without and with audit.</summary>
    public static IReadOnlyList<Topic> All { get; } =
        [.. from audited in (bool[])[false, true]
            from operation in Enum.GetValues<Operation>()
            select new Topic((byte)(1 + (int)operation + (audited ? Enum.GetValues<Operation>().Length : 0)), operation, audited)];

    public TlmspContext Context => new(Id, "", Audited);

    /// <summary>Where its outcome stands in the table.</summary>
    public string Column => Audited ? "the same, audited" : Operation switch
    {
        Operation.Read => "read",
        Operation.WriteUntouched => "write, untouched",
        Operation.Modify => "modify",
        Operation.ModifyTail => "modify the end",
        Operation.Insert => "insert",
        Operation.Delete => "delete",
        _ => "no access",
    };

    /// <summary>Matches the question, also where it was changed.</summary>
    public static string QuestionExpression => "(?:quest|QUEST)(?:ion|ION)";

    public static string AnswerExpression => "(?:answ|ANSW)(?:er|ER)";

    public TlmspAccess Access => Operation switch
    {
        Operation.NoAccess => TlmspAccess.None,
        Operation.Read => TlmspAccess.Read,
        _ => TlmspAccess.Write,
    };

    public static Grant Grant => All.Aggregate(Grant.None, (grant, topic) => topic.Access switch
    {
        TlmspAccess.Read => grant + Grant.Read(topic.Id),
        TlmspAccess.Write => grant + Grant.Write(topic.Id),
        _ => grant,
    });

    /// <summary>The part of question or answer that is changed, and what it becomes.</summary>
    public (string Old, string New) Change(bool toServer)
    {
        string old = (toServer, Operation) switch
        {
            (true, Operation.ModifyTail) => "ion",
            (false, Operation.ModifyTail) => "er",
            (true, _) => "quest",
            (false, _) => "answ",
        };
        return (old, old.ToUpperInvariant());
    }

    /// <summary>What an endpoint sends, container by container.</summary>
    public string[] Sent(bool toServer) => Operation == Operation.Delete ? [Unwanted, Plain(toServer)] : [Plain(toServer)];

    /// <summary>What arrives behind the middlebox that works on it.</summary>
    /// <param name="toServer">The direction.</param>
    /// <param name="worker">The maker of that middlebox; null when there is none, or it is still ahead.</param>
    /// <param name="name">The name of that middlebox.</param>
    public Arrival[] Arrivals(bool toServer, Maker? worker, string name)
    {
        string far = toServer ? "client" : "server";
        string plain = Plain(toServer);
        (string old, string changed) = Change(toServer);
        if (worker is null)
        {
            return [.. Sent(toServer).Select(text => new Arrival(text, false, far, far))];
        }

        string whole = plain.Replace(old, changed, StringComparison.Ordinal);
        return Operation switch
        {
            // The reference's middlebox cuts the old text out of what came and inserts the new one. What it cuts off the end becomes a
            // container of its own for a moment, whose deletion it declares.
            Operation.Modify when worker == Maker.Reference =>
                [new Arrival(changed, false, name, name), new Arrival(plain[old.Length..], false, far, name)],
            Operation.ModifyTail when worker == Maker.Reference =>
                [new Arrival(plain[..^old.Length], false, far, name), new Arrival(changed, false, name, name), new Arrival("", true, name, name)],
            Operation.Modify or Operation.ModifyTail => [new Arrival(whole, false, far, name)],
            Operation.Insert => [new Arrival(Addition, false, name, name), new Arrival(plain, false, far, far)],
            Operation.Delete => [new Arrival("", true, name, name), new Arrival(plain, false, far, far)],
            _ => [new Arrival(plain, false, far, far)],
        };
    }

    /// <summary>What a middlebox gets to see of arrivals.</summary>
    public Arrival[] Seen(Arrival[] arrivals) =>
        [.. arrivals.Select(arrival => Operation == Operation.NoAccess ? new Arrival(null) : new Arrival(arrival.Text, arrival.Deleted))];

    private static string Plain(bool toServer) => toServer ? "question" : "answer";
}
