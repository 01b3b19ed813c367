using System.Runtime.InteropServices;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <content>What is in the containers: which bytes are whose, and what inspectors are to be told of.</content>
internal sealed partial class InspectionQueue : IHttpMessageEvents, IHttpPieceEvents
{
    void IHttpPieceEvents.OnRun(HttpRunKind kind, int length)
    {
        int start = _at;
        _at += length;
        _container.LeavesOpen = true;
        if (kind == HttpRunKind.Head)
        {
            AddTo(_partialHead, start, length);
            return;
        }

        if (kind == HttpRunKind.Content || _messages.Peek(_direction) is not { } message || FlowOf(message) is not { } flow)
        {
            return;
        }

        var run = new ContainerRun(_container, start, length);
        if (flow.IsWithheld)
        {
            _container.Replace(start, length, default);
        }
        else if (flow.IsRechunked && kind is HttpRunKind.Chunk or HttpRunKind.LastChunk)
        {
            _container.Replace(start, length, kind == HttpRunKind.Chunk ? default : "0\r\n"u8);
        }

        if (!flow.IsWithheld && !flow.HeadPassed)
        {
            flow.Framing.Add(run);
        }
    }

    void IHttpMessageEvents.OnHead(HttpHead head)
    {
        InspectedMessage message = _messages.Begin(_direction, head);
        MessageFlow flow = FlowOf(message);
        flow.IsAborted = _aborted.Contains(head.StreamId);
        flow.OriginalHead = head;
        bool mayResize = _rechunks && message.Rights is { WritesContent: true, ReadsHead: true };
        flow.IsRechunked = mayResize && _http2 is null && head["Transfer-Encoding"] is not null;
        flow.IsReframable = mayResize && _http2 is { KeepsWindows: true } && head["Content-Length"] is null;
        TakePartialHead(flow.Head);
        _events.Add(new InspectionEvent(InspectionEventKind.Head, flow));
        if (flow.IsAborted)
        {
            Abort(head.StreamId);
        }
    }

    void IHttpMessageEvents.OnContent(int streamId, ReadOnlySpan<byte> content)
    {
        if (_isFrameRemoved)
        {
            _frameFlow?.Message.OnContent(content.Length);
            return;
        }

        MessageFlow flow = _frameFlow ?? FlowOf(_messages.Current(_direction, streamId));
        flow.Message.OnContent(content.Length);
        if (flow.IsWithheld)
        {
            _container.Replace(_at - content.Length, content.Length, default);
            return;
        }

        flow.Content.Enqueue(new ContainerRun(_container, _at - content.Length, content.Length).Await());
        flow.ContentBytes += content.Length;
        Show(InspectionEventKind.Content, flow, content);
    }

    void IHttpMessageEvents.OnSecretFields(IReadOnlyList<HttpField> fields)
    {
        MessageFlow flow = FlowOf(_messages.Current(_direction, streamId: 0));
        TakePartialHead(flow.Head);
        _events.Add(new InspectionEvent(InspectionEventKind.Secrets, flow) { Fields = fields });
    }

    void IHttpMessageEvents.OnTrailers(HttpHead trailers)
    {
        if (_http2?.IsWithheld(_direction, trailers.StreamId) == true)
        {
            ContainerRun.RemoveAll(_partialHead);
            return;
        }

        MessageFlow flow = _aborted.Find(trailers.StreamId)
            ?? (_http2 is null ? FlowOf(_messages.Current(_direction, trailers.StreamId)) : HeadlessFlow(trailers.StreamId));
        flow.Message.OnTrailers(trailers);
        TakePartialHead(flow.Trailers);
        if (flow.IsWithheld)
        {
            flow.Withhold();
        }

        _events.Add(new InspectionEvent(InspectionEventKind.Trailers, flow));
    }

    void IHttpMessageEvents.OnMessageEnd(int streamId)
    {
        if (_messages.End(_direction, streamId) is { } message)
        {
            MessageFlow flow = FlowOf(message);
            _flows.Remove(message);
            _events.Add(new InspectionEvent(InspectionEventKind.End, flow));
            if (message.Head is not { StatusCode: >= 100 and < 200 })
            {
                _container.Answers++;
                _container.LeavesOpen = false;
            }
        }
    }

    void IHttpMessageEvents.OnMessageAborted(int streamId)
    {
        Abort(streamId);
        _http2!.Abandon(_direction.Opposite(), streamId, isReset: true);
    }

    void IHttpMessageEvents.OnTunnel(ReadOnlySpan<byte> data) => Show(InspectionEventKind.Tunnel, flow: null, data);

    void IHttpMessageEvents.OnOpaque(HttpRole role, int length)
    {
        // Over HTTP/2 sealed containers do not tell whose they are, and a tunnel is no message.
        InspectedMessage? message = _profile.Version == HttpWireVersion.Http11 && role != HttpRole.Tunnel
            ? _messages.Current(_direction, streamId: 0)
            : null;
        message?.OnOpaque(role, length);
        _container.LeavesOpen = true;
        _events.Add(new InspectionEvent(InspectionEventKind.Opaque, message is null ? null : FlowOf(message)) { Role = role, Opaque = length });
    }

    private void Show(InspectionEventKind kind, MessageFlow? flow, ReadOnlySpan<byte> bytes)
    {
        // Content that was cut small, into containers, chunks or frames, is one call all the same.
        Span<InspectionEvent> events = CollectionsMarshal.AsSpan(_events);
        if (!events.IsEmpty && events[^1].Kind == kind && events[^1].Flow == flow)
        {
            events[^1] = events[^1] with { Length = events[^1].Length + bytes.Length };
        }
        else
        {
            _events.Add(new InspectionEvent(kind, flow) { Offset = _content.Length, Length = bytes.Length });
        }

        _content.Write(bytes);
    }

    private MessageFlow FlowOf(InspectedMessage message)
    {
        if (!_flows.TryGetValue(message, out MessageFlow? flow))
        {
            flow = new MessageFlow(message, _inspectors);
            _flows.Add(message, flow);
        }

        return flow;
    }

    private void AddTo(List<ContainerRun> runs, int start, int length)
    {
        Span<ContainerRun> known = CollectionsMarshal.AsSpan(runs);
        if (!known.IsEmpty && known[^1] is var last && last.Container == _container && last.Start + last.Length == start)
        {
            known[^1] = last with { Length = last.Length + length };
        }
        else
        {
            runs.Add(new ContainerRun(_container, start, length).Await());
        }
    }

    private void TakePartialHead(List<ContainerRun> runs)
    {
        runs.AddRange(_partialHead);
        _partialHead.Clear();
    }
}
