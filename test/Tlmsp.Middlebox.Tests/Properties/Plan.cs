namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>What becomes of content.</summary>
internal enum ContentChange
{
    None,
    SameLength,
    OtherLength,
}

/// <summary>What becomes of a head.</summary>
internal enum HeadChange
{
    None,
    SetField,
    AddField,
    RemoveField,
    SetTarget,
    SetSecret,
}

/// <summary>When a message is refused.</summary>
internal enum RefusalPoint
{
    Head,
    FirstContent,
    End,
}

/// <summary>What one inspector does with one message.</summary>
/// <param name="HoldsHead">Whether it holds the head back until it lets content go, or until the end.</param>
/// <param name="HoldsContent">How many calls for content it holds back.</param>
/// <param name="Head">What it does to the head, when it lets that go.</param>
/// <param name="Content">What it does to content, when it lets that go.</param>
internal sealed record Plan(bool HoldsHead, int HoldsContent, HeadChange Head, ContentChange Content)
{
    public const int UntilTheEnd = int.MaxValue;

    public static Plan Forward { get; } = new(false, 0, HeadChange.None, ContentChange.None);

    /// <summary>Where it refuses the message; null where it does not.</summary>
    public RefusalPoint? Refuses { get; init; }

    /// <summary>How.</summary>
    public InspectionVerdict Verdict { get; init; }

    /// <summary>Over HTTP/2 that takes content that was held to its end; whether less of it does depends on what arrives together.</summary>
    public bool CanResize(bool isHttp2) => !isHttp2 || HoldsContent == UntilTheEnd;

    /// <summary>The same for each octet wherever content is cut, so that what comes of it does not depend on that.</summary>
    public byte[] Apply(ReadOnlySpan<byte> content, bool mayResize)
    {
        var changed = new List<byte>(content.Length);
        foreach (byte each in content)
        {
            int copies = Content == ContentChange.OtherLength && mayResize ? each % 4 : 1;
            byte octet = Content == ContentChange.None ? each : (byte)(each ^ 0x20);
            changed.AddRange(Enumerable.Repeat(octet, copies));
        }

        return [.. changed];
    }
}

/// <summary>An inspector that does with each message what was planned for it.</summary>
internal sealed class PlannedInspector(int index, Func<string?, Plan> plans, bool writes) : ITlmspInspector
{
    public IReadOnlyList<InspectorNeedsAttribute> Needs { get; } = !writes ? [] :
    [
        DelegateInspector.Writes(Http.HttpDirection.Request, Http.HttpRole.Content),
        DelegateInspector.Writes(Http.HttpDirection.Response, Http.HttpRole.Content),
    ];

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
    {
        Plan plan = PlanOf(message);
        State state = StateOf(message);
        if (plan.Refuses == RefusalPoint.Head)
        {
            return new(plan.Verdict);
        }

        if (plan.HoldsHead)
        {
            (state.HoldsHead, state.Holds) = (true, true);
            return new(InspectionVerdict.Hold);
        }

        Change(message, plan);
        return default;
    }

    public ValueTask<InspectionVerdict> OnContentAsync(InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        Plan plan = PlanOf(message);
        State state = StateOf(message);
        if (plan.Refuses == RefusalPoint.FirstContent)
        {
            return new(plan.Verdict);
        }

        if (state.Calls++ < plan.HoldsContent)
        {
            state.Holds = true;
            return new(InspectionVerdict.Hold);
        }

        LetGo(message, content, plan, state);
        return default;
    }

    public ValueTask<InspectionVerdict> OnMessageEndAsync(InspectedMessage message, InspectedContent held, CancellationToken cancellationToken)
    {
        Plan plan = PlanOf(message);
        if (plan.Refuses is not null)
        {
            return new(plan.Verdict);       // one without content has no first content either
        }

        if (StateOf(message) is { Holds: true } state)
        {
            LetGo(message, held, plan, state);
        }

        return default;
    }

    private static bool IsInterim(InspectedMessage message) => message.Head is { StatusCode: >= 100 and < 200 };

    private Plan PlanOf(InspectedMessage message) => IsInterim(message) ? Plan.Forward : plans(message.Head!["x-id"]);

    private State StateOf(InspectedMessage message)
    {
        if (!message.Items.TryGetValue(this, out object? state))
        {
            message.Items[this] = state = new State();
        }

        return (State)state!;
    }

    private void LetGo(InspectedMessage message, InspectedContent content, Plan plan, State state)
    {
        if (state.HoldsHead)
        {
            Change(message, plan);
        }

        (state.HoldsHead, state.Holds) = (false, false);
        if (plan.Content != ContentChange.None && !content.Memory.IsEmpty)
        {
            // Over HTTP/2 it depends on how content was cut whether it may change its length before the end.
            bool isCertain = message.StreamId == 0 || plan.HoldsContent == Plan.UntilTheEnd;
            content.Replace(plan.Apply(content.Memory.Span, isCertain && content.CanResize));
        }
    }

    private void Change(InspectedMessage message, Plan plan)
    {
        switch (plan.Head)
        {
            case HeadChange.SetField:
                message.SetField("x-set", $"by {index}");
                break;
            case HeadChange.AddField:
                message.AddField("x-added", $"by {index}");
                break;
            case HeadChange.RemoveField:
                message.RemoveField("x-remove");
                break;
            case HeadChange.SetTarget when message.Direction == Http.HttpDirection.Request:
                message.SetTarget($"/by/{index}");
                break;
            case HeadChange.SetSecret:
                message.SetField("cookie", $"by {index}");
                break;
        }
    }

    private sealed class State
    {
        public bool HoldsHead { get; set; }

        public bool Holds { get; set; }

        public int Calls { get; set; }
    }
}
