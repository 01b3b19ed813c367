using System.Buffers;

namespace Tlmsp.Tests.Recorded;

/// <summary>
/// A middlebox in one direction: from each container that it sent this finds out what it had done to those that it had received, and
/// does the same with the product's code.
/// </summary>
internal sealed class RecordedRelay(byte self, OutgoingFlow outgoing, RecordedNonces nonces, RecordedReceiver arriving)
{
    /// <summary>True for what the middlebox put on the path itself.</summary>
    public bool IsOwn(RecordedContainer sent) => sent.IsInserted && !sent.IsDeleted && sent.Origin == self;

    /// <summary>The middlebox sent a protected handshake message: it must have received one.</summary>
    public void TakeMessage()
    {
        Assert.True(arriving.TryNext(out byte[]? message), "more handshake messages left than arrived");
        Assert.NotNull(message);
    }

    /// <summary>Sends on what became of the next container that arrived.</summary>
    public void Pass(RecordedContainer sent, IBufferWriter<byte> output)
    {
        if (sent.IsDeleted && sent.Origin == self)
        {
            Delete(sent, output);
            return;
        }

        Take((in OpenedContainer incoming) =>
        {
            if (!incoming.Buffer.Slice(incoming.Parts.FragmentOffset, incoming.Parts.FragmentLength).SequenceEqual(sent.Fragment))
            {
                nonces.Add(sent.Nonce);
                nonces.Add(sent.ForwardingMacNonces[0]);
                outgoing.Modify(incoming, sent.Plaintext, output);
            }
            else if (RecordedContainer.Of(incoming).Bytes.AsSpan().SequenceEqual(sent.Bytes))
            {
                outgoing.ForwardUnchanged(incoming, output);
            }
            else
            {
                nonces.Add(sent.ForwardingMacNonces[^1]);
                outgoing.Forward(incoming, output);
            }
        });
    }

    /// <summary>Containers that arrived after the last one that left.</summary>
    public int CountPending()
    {
        int count = 0;
        while (arriving.TryNext(out byte[]? message))
        {
            if (message is null)
            {
                arriving.Open((in OpenedContainer _) => { });
                count++;
            }
        }

        return count;
    }

    /// <summary>A notice stands for as many containers as it says, in the order of its indicators.</summary>
    private void Delete(RecordedContainer sent, IBufferWriter<byte> output)
    {
        bool isFirst = true;
        foreach ((byte source, int count) in sent.DeleteIndicators)
        {
            for (int i = 0; i < count; i++)
            {
                Take((in OpenedContainer incoming) =>
                {
                    Assert.Equal(source, incoming.Origin);
                    if (isFirst)
                    {
                        nonces.Add(sent.Nonce);
                        nonces.Add(sent.ForwardingMacNonces[0]);
                        outgoing.Delete(incoming, sent.MInfo.AsSpan(2), output);
                    }

                    isFirst = false;
                });
            }
        }
    }

    private void Take(RecordedReceiver.Act act)
    {
        Assert.True(arriving.TryNext(out byte[]? message), "more containers left than arrived");
        Assert.Null(message);
        arriving.Open(act);
    }
}
