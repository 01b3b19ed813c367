using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Shows what passes in one direction to one inspector after the other, each what the one before let pass, and has the verdicts carried
/// out. What an inspector holds back the next one sees when the first lets go.
/// </summary>
internal sealed partial class InspectionStages(
    HttpDirection direction, InspectorSet inspectors, VerdictWriter writer, InspectedMessages messages, InspectorWatch watch,
    MiddleboxMetrics metrics, int maxHeldBytes)
{
    private readonly InspectedContent _shown = new();
    private readonly Action<MessageFlow> _passHead = writer.PassHead;
    private int _holds;

    public InspectorSet Inspectors => inspectors;

    public InspectorWatch Watch => watch;

    /// <summary>Whether the connection is to end once what was decided on has been sent.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Shows one thing.</summary>
    /// <exception cref="InspectorException">An inspector threw something, or closes the connection.</exception>
    /// <exception cref="OperationCanceledException">The connection ended meanwhile.</exception>
    public async ValueTask ShowAsync(InspectionEvent seen, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        switch (seen.Kind)
        {
            case InspectionEventKind.Opaque:
            case InspectionEventKind.Tunnel:
                await OutsideAsync(seen, bytes, cancellationToken).ConfigureAwait(false);
                break;
            case InspectionEventKind.Aborted:
                await AbortedAsync(seen.Flow!, cancellationToken).ConfigureAwait(false);
                break;
            case InspectionEventKind.End when seen.Flow!.IsWithheld:
                await RecordAsync(seen.Flow, cancellationToken).ConfigureAwait(false);
                break;
            case var _ when seen.Flow!.IsWithheld:
                break;
            case InspectionEventKind.Head:
                await HeadAsync(seen.Flow, 0, cancellationToken).ConfigureAwait(false);
                break;
            case InspectionEventKind.Secrets:
                await SecretsAsync(seen.Flow, seen.Fields!, cancellationToken).ConfigureAwait(false);
                break;
            case InspectionEventKind.Content:
                await ContentAsync(seen.Flow, 0, bytes, bytes.Length, isChanged: false, cancellationToken).ConfigureAwait(false);
                break;
            case InspectionEventKind.Trailers:
                await TrailersAsync(seen.Flow, 0, cancellationToken).ConfigureAwait(false);
                break;
            default:
                await EndAsync(seen.Flow, cancellationToken).ConfigureAwait(false);
                break;
        }

        if (seen.Flow is { IsAborted: true, IsHeld: true })
        {
            Withdraw(seen.Flow);
        }
    }

    /// <summary>Whether inspectors hold something back.</summary>
    public bool Holds => _holds > 0;

    /// <summary>Checks that inspectors do not hold too much.</summary>
    /// <param name="passing">All that waits; what is decided on and comes first is about to go.</param>
    /// <param name="bytes">How much that is.</param>
    /// <exception cref="InspectorException">They do.</exception>
    public void CheckHeld(IEnumerable<PassingContainer> passing, long bytes)
    {
        if (_holds == 0 || bytes <= maxHeldBytes)
        {
            return;
        }

        bytes -= passing.TakeWhile(container => container.Undecided == 0).Sum(container => container.WireLength);
        if (bytes > maxHeldBytes)
        {
            throw new InspectorException($"inspectors hold back {bytes} bytes, more than {maxHeldBytes} (MaxHeldBytes)");
        }
    }

    /// <summary>Checks how much waits for a window that this middlebox has used.</summary>
    /// <param name="bytes">How much waits.</param>
    /// <param name="window">How much DATA the sender may have sent.</param>
    /// <exception cref="InspectorException">Too much.</exception>
    public void CheckWaiting(long bytes, long window)
    {
        if (bytes > maxHeldBytes + window)
        {
            throw new InspectorException($"{bytes} bytes wait for a window of HTTP/2, more than {maxHeldBytes} (MaxHeldBytes) and the window");
        }
    }

    private async ValueTask HeadAsync(MessageFlow flow, int from, CancellationToken cancellationToken)
    {
        flow.Message.OpenHead(true);
        for (int i = from; i < inspectors.All.Length; i++)
        {
            InspectionVerdict verdict = await AskAsync(i, InspectionEventKind.Head, flow, null, cancellationToken).ConfigureAwait(false);
            if (verdict.Action == InspectionAction.Hold)
            {
                HoldOf(flow, i).HasHead = true;
                return;
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                Decide(flow, i, verdict);
                return;
            }
        }

        flow.Message.OpenHead(false);
        Carry(_passHead, flow, inspectors.All.Length - 1);
    }

    private async ValueTask SecretsAsync(MessageFlow flow, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken)
    {
        for (int i = 0; i < inspectors.All.Length; i++)
        {
            InspectionVerdict verdict = await AskAsync(i, InspectionEventKind.Secrets, flow, fields, cancellationToken).ConfigureAwait(false);
            if (verdict.Action == InspectionAction.Hold)
            {
                throw Failed(i, new InvalidOperationException("Sensitive fields without their head cannot be held back."));
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                Decide(flow, i, verdict);
                return;
            }
        }

        writer.PassSecrets(flow);
    }

    /// <param name="flow">The message.</param>
    /// <param name="from">The first inspector to show it to.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="covers">How many octets of those that came it stands for.</param>
    /// <param name="isChanged">Whether an inspector before changed it.</param>
    /// <param name="cancellationToken">Says that the call takes too long.</param>
    private async ValueTask ContentAsync(
        MessageFlow flow, int from, ReadOnlyMemory<byte> bytes, int covers, bool isChanged, CancellationToken cancellationToken)
    {
        for (int i = from; i < inspectors.All.Length; i++)
        {
            InspectionHold? hold = flow.HoldOf(i);
            if (hold is not null)
            {
                Add(hold, bytes, covers, isChanged);
                (bytes, covers, isChanged) = (hold.Content.Memory, hold.Covers, hold.IsChanged);
            }

            _shown.Set(bytes, flow.Message.Rights.WritesContent, flow.CanResize(covers));
            InspectionVerdict verdict = await AskAsync(i, InspectionEventKind.Content, flow, null, cancellationToken).ConfigureAwait(false);
            if (verdict.Action == InspectionAction.Hold)
            {
                if (_shown.IsReplaced)
                {
                    throw Failed(i, new InvalidOperationException("Content that is replaced cannot be held back as well."));
                }

                if (hold is null)
                {
                    Add(HoldOf(flow, i), bytes, covers, isChanged);
                }

                return;
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                Decide(flow, i, verdict);
                return;
            }

            CheckGrowth(i, _shown.Memory.Length, bytes.Length);
            (bytes, isChanged) = (_shown.Memory, isChanged || _shown.IsReplaced);
            if (hold is not null)
            {
                await ReleaseAsync(flow, i, bytes, covers, isChanged, cancellationToken).ConfigureAwait(false);
                return;
            }
        }

        flow.Message.IsContentChanged |= isChanged;
        writer.PassContent(flow, bytes, covers, isChanged);
    }

    private async ValueTask TrailersAsync(MessageFlow flow, int from, CancellationToken cancellationToken)
    {
        for (int i = from; i < inspectors.All.Length; i++)
        {
            InspectionVerdict verdict = await AskAsync(i, InspectionEventKind.Trailers, flow, null, cancellationToken).ConfigureAwait(false);
            if (verdict.Action == InspectionAction.Hold || (verdict.Action == InspectionAction.Forward && flow.HoldOf(i) is not null))
            {
                HoldOf(flow, i).HasTrailers = true;
                return;
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                Decide(flow, i, verdict);
                return;
            }
        }

        writer.PassTrailers(flow);
    }

    private async ValueTask EndAsync(MessageFlow flow, CancellationToken cancellationToken)
    {
        for (int i = 0; i < inspectors.All.Length; i++)
        {
            InspectionHold? hold = flow.HoldOf(i);
            _shown.Set(
                hold?.Content.Memory ?? default,
                canWrite: flow.Message.Rights.WritesContent && hold is not null,
                canResize: hold is { Covers: > 0 } && flow.CanResize(hold.Covers));
            InspectionVerdict verdict = await AskAsync(i, InspectionEventKind.End, flow, null, cancellationToken).ConfigureAwait(false);
            if (verdict.Action == InspectionAction.Hold)
            {
                throw Failed(i, new InvalidOperationException("A message that is complete cannot be held back any longer."));
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                Decide(flow, i, verdict);
                break;
            }

            if (hold is not null)
            {
                CheckGrowth(i, _shown.Memory.Length, hold.Content.Length);
                await ReleaseAsync(flow, i, _shown.Memory, hold.Covers, hold.IsChanged || _shown.IsReplaced, cancellationToken).ConfigureAwait(false);
                if (flow.IsWithheld)
                {
                    break;
                }
            }
        }

        await RecordAsync(flow, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An inspector lets go: those after it see all that it held.</summary>
    private async ValueTask ReleaseAsync(
        MessageFlow flow, int inspector, ReadOnlyMemory<byte> bytes, int covers, bool isChanged, CancellationToken cancellationToken)
    {
        using InspectionHold hold = flow.Release(inspector)!;
        _holds--;
        if (hold.HasHead)
        {
            await HeadAsync(flow, inspector + 1, cancellationToken).ConfigureAwait(false);
        }

        if (covers > 0 && !flow.IsWithheld)
        {
            await ContentAsync(flow, inspector + 1, bytes, covers, isChanged, cancellationToken).ConfigureAwait(false);
        }

        if (hold.HasTrailers && !flow.IsWithheld)
        {
            await TrailersAsync(flow, inspector + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>An inspector that floods is contained: what it makes of a message is in memory at once.</summary>
    private void CheckGrowth(int inspector, int length, int before)
    {
        if (length - before > maxHeldBytes)
        {
            throw Failed(inspector, new InvalidOperationException($"{length} bytes in the place of {before} are more than {maxHeldBytes} more (MaxHeldBytes)"));
        }
    }

    private InspectionHold HoldOf(MessageFlow flow, int inspector)
    {
        _holds += flow.HoldOf(inspector) is null ? 1 : 0;
        return flow.Hold(inspector);
    }

    private static void Add(InspectionHold hold, ReadOnlyMemory<byte> bytes, int covers, bool isChanged)
    {
        hold.Content.Write(bytes.Span);
        hold.Covers += covers;
        hold.IsChanged |= isChanged;
    }
}
