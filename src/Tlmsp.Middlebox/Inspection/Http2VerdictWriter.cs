using System.Globalization;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Carries out over HTTP/2 what keeps a message back: its frames go nowhere, and the connection goes on as if they had never been sent
/// (RFC 9113 §5.1, §5.2, §8.1).
/// </summary>
internal sealed class Http2VerdictWriter(
    HttpDirection direction, HttpProfile profile, Grant grant, InspectedMessages messages, Http2Interventions interventions)
{
    private const uint NoErrorCode = 0;     // RFC 9113 §7
    private static readonly string[] s_ofConnection =
        ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];     // RFC 9113 §8.2.2

    /// <summary>Answers in the server's place.</summary>
    /// <param name="flow">The request, or the response that is replaced.</param>
    /// <param name="request">The head of the request.</param>
    /// <param name="response">The answer.</param>
    /// <param name="contentId">Context of its content.</param>
    /// <exception cref="InspectionRightException">The grant does not allow it.</exception>
    public void Respond(MessageFlow flow, HttpHead request, InspectionResponse response, byte contentId)
    {
        ReadOnlyMemory<byte> content = request.Method == "HEAD" ? default : response.Content;
        if (FindLack(flow) is { } lack)
        {
            throw lack.For(VerdictWriter.What);
        }

        if (!Has(HttpDirection.Response, HttpRole.Head))
        {
            throw new InspectionRightException(VerdictWriter.What, HttpDirection.Response, HttpRole.Head, TlmspAccess.Write);
        }

        if (!content.IsEmpty && grant[contentId] != TlmspAccess.Write)
        {
            throw new InspectionRightException(VerdictWriter.What, HttpDirection.Response, HttpRole.Content, TlmspAccess.Write);
        }

        InspectedMessage asked = flow.Message.Request ?? flow.Message;
        PassingContainer? before = direction == HttpDirection.Response ? flow.Head[^1].Container : null;
        KeepBack(flow);
        if (flow.IsAborted || (direction == HttpDirection.Request && flow.Reset is not null))
        {
            return;     // nobody waits for it
        }

        uint? reset = flow.TakeReset();
        var answer = new Http2Outgoing(asked, contentId, content)
        {
            Head = Head(response, asked.StreamId, content.IsEmpty),
            ResetCode = asked.IsComplete ? null : reset ?? NoErrorCode,
        };
        interventions.Answer(answer, isDue: before is null);
        before?.Begins(answer);     // interim responses go first (RFC 9110 §15.2)
    }

    /// <summary>Content goes on with another length than it came with, in frames of the middlebox's own.</summary>
    public void PassResized(MessageFlow flow, ReadOnlyMemory<byte> content)
    {
        PassingContainer container = flow.Content.Peek().Container;
        byte contentId = container.Held.ContextId;
        long kept = flow.TakeContent();
        interventions.GiveBack(direction, kept);
        flow.Outgoing = new Http2Outgoing(flow.Message.Request ?? flow.Message, contentId, content.ToArray())
        {
            HasTrailers = flow.Message.Trailers is not null,
            SentBefore = flow.DataBegun - kept,
            ResetCode = flow.TakeReset(),
        };
        interventions.Add(direction, flow.Outgoing);
        container.Begins(flow.Outgoing);
    }

    /// <summary>The trailer section of such a message goes on behind its content.</summary>
    public void PassTrailers(MessageFlow flow)
    {
        flow.Outgoing!.Trailers = flow.Trailers.SelectMany(run => run.Bytes.ToArray()).ToArray();
        ContainerRun.RemoveAll(flow.Trailers);
    }

    /// <summary>Sends nothing of a message on, and resets its stream.</summary>
    /// <returns>False where the grant does not allow that, and for an interim response, of whose stream more may have come.</returns>
    public bool TryDrop(MessageFlow flow)
    {
        if (FindLack(flow) is not null || flow.Message.Head is { Direction: HttpDirection.Response, StatusCode: < 200 })
        {
            return false;
        }

        KeepBack(flow);
        interventions.Cancel(HttpDirection.Response, flow.Message.StreamId);
        return true;
    }

    /// <summary>Takes back what is held of a message whose stream was reset: that goes on, if the other side knows the stream.</summary>
    /// <returns>False where the grant does not allow it, or a part of a frame has gone on.</returns>
    public bool TryWithdraw(MessageFlow flow)
    {
        bool isWhole = !flow.HeadPassed || !flow.Content.TryPeek(out ContainerRun first) || first.Kind == ContentRunKind.FrameHeader;
        bool mayHead = flow.HeadPassed || (Has(direction, HttpRole.Head) && Has(direction, HttpRole.Control));
        bool mayContent = flow.Content.Count == 0 || flow.Message.Rights.WritesContent;
        if (!isWhole || !mayHead || !mayContent || !Has(direction.Opposite(), HttpRole.Control))
        {
            return false;
        }

        interventions.Withhold(direction, flow.Message.StreamId);
        interventions.GiveBack(direction, flow.Withhold());
        return true;
    }

    private void KeepBack(MessageFlow flow)
    {
        InspectedMessage message = flow.Message;
        int streamId = message.StreamId;
        interventions.Withhold(direction, streamId);
        interventions.GiveBack(direction, flow.Withhold());
        if (direction == HttpDirection.Request)
        {
            messages.Withdraw(message);
        }
        else if (!message.IsComplete)
        {
            // The server stops, and hears no more of the request: that would be an error behind a reset (RFC 9113 §5.1).
            interventions.Withhold(HttpDirection.Request, streamId);
            interventions.Cancel(HttpDirection.Request, streamId);
            interventions.Abandon(HttpDirection.Request, streamId);
        }

        if (!message.IsComplete)
        {
            interventions.Abandon(direction, streamId);
        }
    }

    /// <summary>Looks for a right that keeping a message back takes.</summary>
    private Lack? FindLack(MessageFlow flow)
    {
        foreach (HttpDirection each in (HttpDirection[])[HttpDirection.Request, HttpDirection.Response])
        {
            // Where frames begin and end is known only to who reads them all.
            if (grant[profile.IdOf(each, HttpRole.Head)] == TlmspAccess.None)
            {
                return new Lack(each, HttpRole.Head, TlmspAccess.Read);
            }

            if (profile.ContentIdsIn(each).Any(id => grant[id] == TlmspAccess.None))
            {
                return new Lack(each, HttpRole.Content, TlmspAccess.Read);
            }

            if (!Has(each, HttpRole.Control))
            {
                return new Lack(each, profile.Has(HttpRole.Control) ? HttpRole.Control : HttpRole.Head, TlmspAccess.Write);
            }
        }

        if (!Has(direction, HttpRole.Head))
        {
            return new Lack(direction, HttpRole.Head, TlmspAccess.Write);
        }

        InspectedMessage message = flow.Message;
        if (!(message.IsComplete && flow.Content.Count == 0) && !message.Rights.WritesContent)
        {
            return new Lack(direction, HttpRole.Content, TlmspAccess.Write);
        }

        return direction == HttpDirection.Response && message is { IsComplete: false, Request: { IsComplete: false, Rights.WritesContent: false } }
            ? new Lack(HttpDirection.Request, HttpRole.Content, TlmspAccess.Write)
            : null;
    }

    private bool Has(HttpDirection where, HttpRole role) => grant[profile.IdOf(where, role)] == TlmspAccess.Write;

    private static byte[] Head(InspectionResponse response, int streamId, bool endsStream)
    {
        HttpField[] fields =
        [
            .. response.Fields.Where(field => !s_ofConnection.Contains(field.Name, StringComparer.OrdinalIgnoreCase)),
            new HttpField("date", DateTime.UtcNow.ToString("R", CultureInfo.InvariantCulture)),
            new HttpField("content-length", response.Content.Length.ToString(CultureInfo.InvariantCulture)),
        ];
        var head = new HttpHead(HttpDirection.Response, $"HTTP/2 {response.StatusCode}", fields) { StreamId = streamId };
        return Http2HeadWriter.Write(head, endsStream);
    }

    private sealed record Lack(HttpDirection Direction, HttpRole Role, TlmspAccess Access)
    {
        public InspectionRightException For(string what) => new(what, Direction, Role, Access);
    }
}
