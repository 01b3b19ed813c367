using System.Buffers.Binary;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// What a middlebox sends on a stream by itself, as far as it has not gone on yet: an answer in the server's place, or content whose length
/// it has changed.
/// </summary>
/// <param name="request">The request of the stream: knows how much the windows of the stream were widened.</param>
/// <param name="contentId">Context of the content.</param>
/// <param name="content">The content.</param>
internal sealed class Http2Outgoing(InspectedMessage request, byte contentId, ReadOnlyMemory<byte> content)
{
    /// <summary>A frame with its header fits one container.</summary>
    private static readonly int s_maxData = ContainerWriter.MaxPlaintext - Http2Frame.HeaderSize;

    private int _sent;
    private bool _isEmptyDue = content.IsEmpty;

    public int StreamId => request.StreamId;

    public InspectedMessage Request => request;

    public byte ContentId => contentId;

    /// <summary>Whether it may go on: not before what comes before it on the stream.</summary>
    public bool IsDue { get; set; }

    /// <summary>HEADERS before the content; without content they end the stream.</summary>
    public ReadOnlyMemory<byte> Head { get; set; }

    /// <summary>Whether a trailer section ends the stream, and not the content.</summary>
    public bool HasTrailers { get; init; }

    /// <summary>HEADERS behind the content.</summary>
    public ReadOnlyMemory<byte> Trailers { get; set; }

    /// <summary>The code of RST_STREAM that comes behind all of it; null for none.</summary>
    public uint? ResetCode { get; set; }

    /// <summary>DATA of the stream that went on before, in octets.</summary>
    public long SentBefore { get; init; }

    public bool IsComplete => Head.IsEmpty && !_isEmptyDue && _sent == content.Length && (!HasTrailers || !Trailers.IsEmpty);

    /// <summary>The HEADERS frame, the first time.</summary>
    public ReadOnlyMemory<byte> TakeHead()
    {
        ReadOnlyMemory<byte> taken = Head;
        Head = default;
        _isEmptyDue &= taken.IsEmpty && !HasTrailers;
        return taken;
    }

    /// <summary>The next DATA frame that the windows have room for.</summary>
    /// <param name="direction">Where it goes.</param>
    /// <param name="connectionWindow">That of the connection.</param>
    /// <param name="initialWindow">What streams begin with.</param>
    /// <param name="octets">How much of the windows it takes.</param>
    /// <returns>Empty where there is no room.</returns>
    public ReadOnlyMemory<byte> TakeData(HttpDirection direction, long connectionWindow, long initialWindow, out int octets)
    {
        long room = Math.Min(connectionWindow, initialWindow + request.WindowIncrements(direction) - SentBefore - _sent);
        octets = (int)Math.Clamp(room, 0, Math.Min(content.Length - _sent, s_maxData));
        if (octets == 0 && !_isEmptyDue)
        {
            return default;
        }

        _isEmptyDue = false;

        byte[] frame = new byte[Http2Frame.HeaderSize + octets];
        bool isLast = _sent + octets == content.Length && !HasTrailers;
        new Http2Frame(octets, Http2FrameType.Data, isLast ? Http2Frame.EndStream : (byte)0, (uint)StreamId).Write(frame);
        content.Span.Slice(_sent, octets).CopyTo(frame.AsSpan(Http2Frame.HeaderSize));
        _sent += octets;
        return frame;
    }

    /// <summary>A frame of four octets: RST_STREAM or WINDOW_UPDATE (RFC 9113 §6.4, §6.9).</summary>
    public static byte[] Frame(Http2FrameType type, int streamId, uint value)
    {
        byte[] frame = new byte[Http2Frame.HeaderSize + sizeof(uint)];
        new Http2Frame(sizeof(uint), type, 0, (uint)streamId).Write(frame);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(Http2Frame.HeaderSize), value);
        return frame;
    }
}
