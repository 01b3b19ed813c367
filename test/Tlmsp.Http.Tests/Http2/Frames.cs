using System.Buffers;
using System.Text;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>Frames, and what becomes of them, for the tests.</summary>
internal static class Frames
{
    public const byte EndStream = 1;
    public const byte Ack = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;
    public const byte Priority = 0x20;

    public static byte[] Preface => Http2Frame.Preface.ToArray();

    /// <summary>A SETTINGS frame with nothing in it.</summary>
    public static byte[] NoSettings => Make(4, 0, 0);

    /// <summary>What every client says first.</summary>
    public static byte[] ClientStart => [.. Preface, .. NoSettings];

    public static byte[] Make(byte type, byte flags, uint stream, params byte[] payload)
    {
        byte[] frame = new byte[Http2Frame.HeaderSize + payload.Length];
        new Http2Frame(payload.Length, (Http2FrameType)type, flags, stream).Write(frame);
        payload.CopyTo(frame, Http2Frame.HeaderSize);
        return frame;
    }

    /// <summary>A complete field block in one frame; what it says is of no interest here.</summary>
    public static byte[] Headers(uint stream, bool endStream = false, byte flags = EndHeaders) =>
        Make(1, (byte)(flags | (endStream ? EndStream : 0)), stream, 0x82, 0x87, 0x84);

    public static byte[] Data(uint stream, string content, bool endStream = false) =>
        Make(0, endStream ? EndStream : (byte)0, stream, Encoding.Latin1.GetBytes(content));

    public static byte[] Setting(ushort id, uint value)
    {
        byte[] entry = new byte[Http2Setting.Size];
        new Http2Setting(id, value).Write(entry);
        return Make(4, 0, 0, entry);
    }

    /// <summary>Splits a stream that is written in the given pieces.</summary>
    public static List<(byte ContextId, byte[] Bytes)> Split(
        HttpDirection direction, HttpProfile profile, IEnumerable<byte[]> writes, Http2Streams? streams = null, bool stateless = false)
    {
        var sink = new Sink();
        using var splitter = new Http2Splitter(direction, streams ?? new Http2Streams(), profile, HttpFramerLimits.Default, stateless);
        foreach (byte[] write in writes)
        {
            splitter.Write(write, sink);
        }

        splitter.Flush(sink);
        return sink.Containers;
    }

    public static byte[] Join(
        Http2Joiner joiner, HttpProfile profile, HttpDirection direction, IEnumerable<(byte ContextId, byte[] Bytes)> containers)
    {
        var joined = new ArrayBufferWriter<byte>();
        foreach ((byte contextId, byte[] bytes) in containers)
        {
            joiner.Accept(profile.RoleOf(contextId, direction), contextId, bytes, joined);
        }

        return joined.WrittenSpan.ToArray();
    }

    public sealed class Sink : IHttpContainerSink
    {
        public List<(byte ContextId, byte[] Bytes)> Containers { get; } = [];

        public void Emit(byte contextId, ReadOnlySpan<byte> plaintext) => Containers.Add((contextId, plaintext.ToArray()));
    }
}
