namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Bounds on messages and connections. Those that are not set do not count.</summary>
public sealed class LimitsOptions : InspectorOptions
{
    /// <summary>Most content of a request, in bytes without framing, from 0. Longer: 413. Needs heads and content of requests.</summary>
    public long? MaxRequestContent { get; set; }

    /// <summary>Most content of a response, in bytes without framing, from 0. Longer: 502. Needs heads and content of responses.</summary>
    public long? MaxResponseContent { get; set; }

    /// <summary>Requests per second of one connection, from 1. More: 429. Needs heads of requests.</summary>
    public int? RequestsPerSecond { get; set; }

    /// <summary>How many requests may come at once before that counts, from 1. Default: those of one second.</summary>
    public int? Burst { get; set; }

    /// <summary>
    /// What becomes of what is too much. Default: the connection is closed. So it is with <see cref="DenyAction.Respond"/> too where
    /// content that announces no length exceeds a limit of more than 64 KiB, as that is not held back.
    /// </summary>
    public DenyAction OnDeny { get; set; }

    internal override void Check(ICollection<string> problems)
    {
        if (MaxRequestContent is null && MaxResponseContent is null && RequestsPerSecond is null)
        {
            problems.Add("nothing is limited. Set MaxRequestContent, MaxResponseContent or RequestsPerSecond, or remove the limits.");
        }

        foreach ((string name, long? value, int least) in ((string, long?, int)[])
        [
            (nameof(MaxRequestContent), MaxRequestContent, 0), (nameof(MaxResponseContent), MaxResponseContent, 0),
            (nameof(RequestsPerSecond), RequestsPerSecond, 1), (nameof(Burst), Burst, 1),
        ])
        {
            if (value < least)
            {
                problems.Add($"{name} is {value}. Set it to {least} or more, or remove it.");
            }
        }

        if (Burst is not null && RequestsPerSecond is null)
        {
            problems.Add("Burst is set, and RequestsPerSecond is not. Set both, or remove Burst.");
        }
    }
}
