using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Knows, in the responses' direction over HTTP/1.1, when an answer of our own can go between those of the server.</summary>
internal sealed class ResponseTurn(BoxAnswers answers, HttpProfile profile) : IInsertionTurn
{
    private long _answered;
    private bool _isInside;     // a response of the server

    /// <inheritdoc/>
    public bool TrySend(PassingContainer container, ContainerRelay relay, IBufferWriter<byte> output)
    {
        container.Send(relay, output);
        _answered += container.Answers;
        _isInside = container.LeavesOpen ?? _isInside;
        return true;
    }

    /// <inheritdoc/>
    public void Insert(ContainerRelay relay, IBufferWriter<byte> output, bool isEmpty)
    {
        while (!_isInside && answers.TryTake(_answered, out BoxAnswer answer))
        {
            relay.Insert(profile.IdOf(HttpDirection.Response, HttpRole.Head), answer.Head.Span, output);
            relay.Insert(answer.ContentId, answer.Content.Span, output);
        }
    }
}
