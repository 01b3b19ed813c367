using System.Buffers.Binary;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>An answer that a middlebox gives on a stream in the server's place, as far as it has not gone on yet.</summary>
/// <param name="head">Its HEADERS frame.</param>
/// <param name="contentId">Context of its content.</param>
/// <param name="content">Its content; END_STREAM is in the head where there is none.</param>
/// <param name="request">What it answers: knows how much the client widened the window of the stream.</param>
/// <param name="stopsUpload">Whether the client is to be told that nobody wants the rest of its request (RFC 9113 §8.1).</param>
internal sealed class Http2Answer(
    ReadOnlyMemory<byte> head, byte contentId, ReadOnlyMemory<byte> content, InspectedMessage request, bool stopsUpload)
{
    /// <summary>A frame with its header fits one container.</summary>
    private static readonly int s_maxData = ContainerWriter.MaxPlaintext - Http2Frame.HeaderSize;

    private bool _headSent;
    private int _sent;

    public int StreamId => request.StreamId;

    public InspectedMessage Request => request;

    public byte ContentId => contentId;

    public bool IsComplete => _headSent && _sent == content.Length;

    public bool StopsUpload => stopsUpload;

    /// <summary>The HEADERS frame, the first time.</summary>
    public ReadOnlyMemory<byte> TakeHead()
    {
        ReadOnlyMemory<byte> taken = _headSent ? default : head;
        _headSent = true;
        return taken;
    }

    /// <summary>The next DATA frame that the windows have room for.</summary>
    /// <param name="connectionWindow">That of the connection.</param>
    /// <param name="initialWindow">What streams begin with.</param>
    /// <param name="octets">How much of the windows it takes.</param>
    /// <returns>Empty where there is no room.</returns>
    public ReadOnlyMemory<byte> TakeData(long connectionWindow, long initialWindow, out int octets)
    {
        long room = Math.Min(connectionWindow, initialWindow + request.WindowIncrements(HttpDirection.Response) - _sent);
        octets = (int)Math.Clamp(room, 0, Math.Min(content.Length - _sent, s_maxData));
        if (octets == 0)
        {
            return default;
        }

        byte[] frame = new byte[Http2Frame.HeaderSize + octets];
        bool isLast = _sent + octets == content.Length;
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
