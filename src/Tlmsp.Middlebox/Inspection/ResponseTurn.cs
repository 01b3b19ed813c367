using System.Buffers;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Knows, in the responses' direction, when an answer of our own can go between those of the server.</summary>
internal sealed class ResponseTurn(BoxAnswers answers, HttpProfile profile)
{
    private long _answered;
    private bool _isInside;     // a response of the server

    /// <summary>A container of the server's went to the client.</summary>
    public void OnSent(PassingContainer container)
    {
        _answered += container.Answers;
        _isInside = container.LeavesOpen ?? _isInside;
    }

    /// <summary>Sends the answers that are due.</summary>
    public void Insert(ContainerRelay relay, IBufferWriter<byte> output)
    {
        while (!_isInside && answers.TryTake(_answered, out BoxAnswer answer))
        {
            relay.Insert(profile.IdOf(HttpDirection.Response, HttpRole.Head), answer.Head.Span, output);
            relay.Insert(answer.ContentId, answer.Content.Span, output);
        }
    }
}
