using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <content>Calling inspectors and sinks, and verdicts other than forwarding and holding.</content>
internal sealed partial class InspectionStages
{
    /// <summary>Records a message that has come whole and does not go on.</summary>
    public ValueTask RecordUnsentAsync(MessageFlow flow, CancellationToken cancellationToken)
    {
        flow.Message.IsWithheld = true;
        return RecordAsync(flow, cancellationToken);
    }

    private async ValueTask OutsideAsync(InspectionEvent seen, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (int i = 0; i < inspectors.All.Length; i++)
        {
            Start();
            InspectionVerdict verdict;
            try
            {
                if (seen.Kind == InspectionEventKind.Opaque)
                {
                    await inspectors.All[i].OnOpaqueAsync(direction, seen.Role, seen.Opaque, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                verdict = await inspectors.All[i].OnTunnelAsync(direction, bytes, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                throw Failed(i, e);
            }

            if (verdict.Action == InspectionAction.Close)
            {
                throw InspectorException.Refused(inspectors.All[i], verdict);
            }

            if (verdict.Action != InspectionAction.Forward)
            {
                throw Failed(i, new NotSupportedException($"The verdict {verdict.Action} on what is in a tunnel: forward it or close the connection."));
            }
        }
    }

    private async ValueTask AbortedAsync(MessageFlow flow, CancellationToken cancellationToken)
    {
        bool isDecided = flow.IsWithheld;
        if (flow.IsHeld)
        {
            Withdraw(flow);
        }

        for (int i = 0; !isDecided && i < inspectors.All.Length; i++)
        {
            Start();
            try
            {
                await inspectors.All[i].OnMessageAbortedAsync(flow.Message, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                throw Failed(i, e);
            }
        }

        if (!flow.Message.IsComplete)
        {
            await RecordAsync(flow, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What is held of a stream that was reset will never be decided on: it goes nowhere, or the connection does not.</summary>
    private void Withdraw(MessageFlow flow)
    {
        int holds = flow.Holds;
        if (!writer.TryWithdraw(flow))
        {
            throw new InspectorException("a stream was reset of which an inspector holds something back that it has not decided on, "
                + "and this middlebox may not take it out");
        }

        _holds -= holds;
    }

    private async ValueTask<InspectionVerdict> AskAsync(
        int inspector, InspectionEventKind kind, MessageFlow flow, IReadOnlyList<HttpField>? fields, CancellationToken cancellationToken)
    {
        Start();
        ITlmspInspector asked = inspectors.All[inspector];
        try
        {
            return await (kind switch
            {
                InspectionEventKind.Head => asked.OnHeadAsync(flow.Message, cancellationToken),
                InspectionEventKind.Secrets => asked.OnSecretFieldsAsync(flow.Message, fields!, cancellationToken),
                InspectionEventKind.Content => asked.OnContentAsync(flow.Message, _shown, cancellationToken),
                InspectionEventKind.Trailers => asked.OnTrailersAsync(flow.Message, cancellationToken),
                _ => asked.OnMessageEndAsync(flow.Message, _shown, cancellationToken),
            }).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Failed(inspector, e);
        }
    }

    private async ValueTask RecordAsync(MessageFlow flow, CancellationToken cancellationToken)
    {
        InspectionRecord record = flow.Message.ToRecord();
        messages.Recorded(flow.Message);
        metrics.Message(record);
        MiddleboxTracing.Record(record);
        foreach (IInspectionSink sink in inspectors.Sinks)
        {
            Start();
            try
            {
                await sink.OnMessageAsync(record, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                throw InspectorException.NotRecorded(sink, e);
            }
        }
    }

    private void Decide(MessageFlow flow, int inspector, InspectionVerdict verdict)
    {
        ITlmspInspector decider = inspectors.All[inspector];
        flow.Message.Decide(decider, verdict);
        if (verdict.Action == InspectionAction.Close || (verdict.Action == InspectionAction.Drop && flow.HeadPassed))
        {
            throw InspectorException.Refused(decider, verdict);
        }

        _holds -= flow.Holds;
        Carry(decided =>
        {
            if (verdict.Action == InspectionAction.Respond)
            {
                CheckGrowth(inspector, verdict.Response!.Content.Length, before: 0);
                writer.Respond(decided, verdict.Response!);
            }
            else
            {
                IsOver |= !writer.Drop(decided);
            }
        }, flow, inspector);
        flow.Message.IsWithheld = true;
    }

    /// <summary>Carries out what an inspector decided; what it may not decide is its fault.</summary>
    private void Carry(Action<MessageFlow> action, MessageFlow flow, int inspector)
    {
        try
        {
            action(flow);
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException or ArgumentException)
        {
            throw inspector < 0 ? new InspectorException(e.Message, inner: e) : Failed(inspector, e);
        }
    }

    private void Start()
    {
        if (!watch.TryStartCall())
        {
            throw new OperationCanceledException();
        }
    }

    private InspectorException Failed(int inspector, Exception e) => new(inspectors.All[inspector], e);
}
