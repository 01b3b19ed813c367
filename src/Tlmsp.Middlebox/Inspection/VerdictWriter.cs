using System.Globalization;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Carries out what inspectors decided about the messages of one direction, in the containers that the messages came in.</summary>
internal sealed partial class VerdictWriter(
    HttpDirection direction, HttpProfile profile, InspectionContext connection, InspectedMessages messages, HttpExchangeQueue? exchanges,
    BoxAnswers answers, Http2VerdictWriter? http2)
{
    /// <summary>What a message of <see cref="InspectionRightException"/> is about.</summary>
    internal const string What = "An answer in the server's place";

    private readonly PooledBuffer _chunk = new();
    private readonly InspectionRights _responses = InspectionRights.Of(profile, connection.Grant, HttpDirection.Response);

    /// <summary>The head goes on, changed or not.</summary>
    /// <exception cref="InspectionRightException">A sensitive field was changed without the right to.</exception>
    public void PassHead(MessageFlow flow)
    {
        if (flow.Message.IsHeadChanged)
        {
            Change(flow);
        }
        else
        {
            PassSecrets(flow);
        }

        flow.HeadPassed = true;
        flow.Framing.Clear();
        flow.PassFrameEnds();
        if (direction == HttpDirection.Request)
        {
            answers.OnForwarded();
        }
    }

    /// <summary>Sensitive fields without their head go on.</summary>
    public void PassSecrets(MessageFlow flow) => ContainerRun.PassAll(flow.Head);

    /// <summary>The trailer section goes on.</summary>
    public void PassTrailers(MessageFlow flow)
    {
        if (flow.Outgoing is not null)
        {
            http2!.PassTrailers(flow);
            return;
        }

        ContainerRun.PassAll(flow.Trailers);
    }

    /// <summary>Content goes on.</summary>
    /// <param name="flow">The message.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="covers">How many octets of those that came it stands for.</param>
    /// <param name="isChanged">Whether they differ.</param>
    public void PassContent(MessageFlow flow, ReadOnlyMemory<byte> bytes, int covers, bool isChanged)
    {
        if (!flow.IsRechunked && bytes.Length != covers)
        {
            http2!.PassResized(flow, bytes);
            return;
        }

        flow.ContentBytes -= covers;
        if (flow.IsRechunked)
        {
            WriteChunk(bytes.Span);
            bytes = _chunk.Memory;
        }

        while (covers > 0)
        {
            ContainerRun run = flow.Content.Dequeue();
            if (run.Kind != ContentRunKind.Content)
            {
                run.Pass();
                continue;
            }

            covers -= run.Length;
            if (flow.IsRechunked)
            {
                // What is longer than it was goes where there is room, and the rest behind the last.
                int length = covers > 0 ? Math.Clamp(run.Length + run.Container.Room, 0, bytes.Length) : bytes.Length;
                run.Pass(bytes.Span[..length]);
                bytes = bytes[length..];
            }
            else if (isChanged)
            {
                run.Pass(bytes.Span[..run.Length]);
                bytes = bytes[run.Length..];
            }
            else
            {
                run.Pass();
            }
        }

        flow.PassFrameEnds();
        _chunk.Dispose();
    }

    /// <summary>Answers in the server's place.</summary>
    /// <exception cref="InspectionRightException">The grant does not allow it.</exception>
    public void Respond(MessageFlow flow, InspectionResponse response)
    {
        // The answer's content goes where the request asks for it: its client takes it from nowhere else.
        HttpHead request = direction == HttpDirection.Request ? flow.Message.Head! : flow.Message.Request?.Head ?? flow.Message.Head!;
        string? contentName = request[HttpContentSet.Field];
        byte contentId = contentName is null
            ? profile.IdOf(HttpDirection.Response, HttpRole.Content)
            : profile.ContentId(contentName, HttpDirection.Response);
        CheckTime(flow);
        response = contentName is null
            ? response
            : response with { Fields = [.. response.Fields, new HttpField(HttpContentSet.Field, contentName)] };
        if (http2 is not null)
        {
            http2.Respond(flow, request, response, contentId);
            return;
        }

        CheckResponse(contentId);
        byte[] head = HeadWriter.Write(response);
        if (direction == HttpDirection.Request)
        {
            CheckWithholding(flow);
            flow.Withhold();
            exchanges!.Withdraw(messages.Withdraw(flow.Message));
            answers.Add(head, contentId, request.Method == "HEAD" ? default : response.Content);
            return;
        }

        PassingContainer last = flow.Head[^1].Container;
        flow.Withhold(head);
        if (request.Method != "HEAD" && !response.Content.IsEmpty)
        {
            last.InsertBehind(contentId, response.Content);
        }
    }

    /// <summary>Sends nothing of a message on.</summary>
    /// <returns>
    /// False where the connection has to end with what was before the message, because there is no other way to say that there will be no answer.
    /// </returns>
    /// <exception cref="InspectionRightException">The grant does not allow it.</exception>
    public bool Drop(MessageFlow flow)
    {
        if (http2?.TryDrop(flow) == true)
        {
            return true;
        }

        CheckWithholding(flow);
        ContainerRun first = flow.Head[0];
        flow.Withhold();
        first.Container.EndAt(first.Start);
        return false;
    }

    /// <summary>Takes back what is held of a message whose stream was reset.</summary>
    /// <returns>False where the grant does not allow it.</returns>
    public bool TryWithdraw(MessageFlow flow) => http2 is not null && http2.TryWithdraw(flow);

    private void CheckTime(MessageFlow flow)
    {
        if (flow.HeadPassed)
        {
            throw new InvalidOperationException($"{What} comes too late: the head of the message has gone on. Hold it back in OnHeadAsync.");
        }

        if (direction == HttpDirection.Response && flow.Message.Request is null)
        {
            throw new InspectionRightException(What, HttpDirection.Request, HttpRole.Head, TlmspAccess.Read);
        }

        if (flow.Message.Head is { StatusCode: >= 100 and < 200 })
        {
            throw new InvalidOperationException($"{What} cannot replace an interim response.");
        }
    }

    private void CheckResponse(byte contentId)
    {
        if (!_responses.WritesHead)
        {
            throw new InspectionRightException(What, HttpDirection.Response, HttpRole.Head, TlmspAccess.Write);
        }

        if (connection.Grant[contentId] != TlmspAccess.Write)
        {
            throw new InspectionRightException(What, HttpDirection.Response, HttpRole.Content, TlmspAccess.Write);
        }
    }

    /// <summary>Containers that are not to go on become empty ones, which takes the right to write in each of their contexts.</summary>
    private static void CheckWithholding(MessageFlow flow)
    {
        const string what = "To keep a message back";
        InspectedMessage message = flow.Message;
        if (!message.Rights.WritesHead)
        {
            throw new InspectionRightException(what, message.Direction, HttpRole.Head, TlmspAccess.Write);
        }

        bool mayHaveContent = message.Head is not { } head || head["Transfer-Encoding"] is not null || head["Content-Length"] is not (null or "0");
        if (mayHaveContent && !message.Rights.WritesContent)
        {
            throw new InspectionRightException(what, message.Direction, HttpRole.Content, TlmspAccess.Write);
        }

        if (message.Rights.Secret != TlmspAccess.Write)
        {
            throw new InspectionRightException(what, message.Direction, HttpRole.Secret, TlmspAccess.Write);
        }
    }

    /// <summary>Content as one chunk (RFC 9112 §7.1); nothing where there is no content, as an empty chunk would be the last.</summary>
    private void WriteChunk(ReadOnlySpan<byte> content)
    {
        if (!content.IsEmpty)
        {
            Span<byte> size = stackalloc byte[8];
            _ = content.Length.TryFormat(size, out int digits, "x", CultureInfo.InvariantCulture);
            _chunk.Write(size[..digits]);
            _chunk.Write("\r\n"u8);
            _chunk.Write(content);
            _chunk.Write("\r\n"u8);
        }
    }
}
