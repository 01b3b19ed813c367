namespace Tlmsp.Http.Tests.Smuggling;

/// <summary>A message as a parser has it.</summary>
/// <param name="Start">Method and target, or the status code.</param>
/// <param name="Content">Without chunk framing.</param>
internal sealed record FramedMessage(string Start, string Content);

/// <summary>What our framer makes of a stream.</summary>
/// <param name="Messages">Those that are complete.</param>
/// <param name="Refusal">Why it refused what came next; null when it did not.</param>
/// <param name="IsAtBoundary">False when a message has begun and not ended.</param>
internal sealed record FramedMessages(IReadOnlyList<FramedMessage> Messages, string? Refusal, bool IsAtBoundary)
{
    public static FramedMessages Read(byte[] stream, HttpDirection direction, HttpExchangeQueue exchanges)
    {
        var framer = new HttpFramer(direction, exchanges, HttpFramerLimits.Default) { Capture = true };
        var messages = new List<FramedMessage>();
        var content = new System.Text.StringBuilder();
        string start = "";
        try
        {
            for (ReadOnlySpan<byte> rest = stream; !rest.IsEmpty;)
            {
                int taken = framer.Consume(rest, out HttpPiece piece);
                if (piece.HeadComplete)
                {
                    HttpHead head = framer.TakeHead();
                    start = direction == HttpDirection.Request ? $"{head.Method} {head.Target}" : $"{head.StatusCode}";
                }

                if (piece.Kind == HttpPieceKind.Content)
                {
                    content.Append(System.Text.Encoding.Latin1.GetString(rest[..taken]));
                }

                if (piece.MessageComplete)
                {
                    messages.Add(new FramedMessage(start, content.ToString()));
                    content.Clear();
                }

                rest = rest[taken..];
            }

            return new FramedMessages(messages, null, framer.IsAtBoundary);
        }
        catch (HttpMappingException e)
        {
            return new FramedMessages(messages, e.Message, false);
        }
    }
}
