using System.Buffers.Binary;

namespace Tlmsp.Http;

/// <summary>One entry of a SETTINGS frame (RFC 9113 §6.5.1).</summary>
internal readonly record struct Http2Setting(ushort Id, uint Value)
{
    public const int Size = 6;
    public const ushort HeaderTableSize = 1;
    public const ushort EnablePush = 2;
    public const ushort MaxConcurrentStreams = 3;
    public const ushort InitialWindowSize = 4;
    public const ushort MaxFrameSize = 5;

    /// <summary>Of a stream where nothing was said (RFC 9113 §6.5.2), and of a connection (§6.9.2).</summary>
    public const int DefaultWindowSize = 65_535;

    /// <summary>Allows extended CONNECT, and so tunnels (RFC 8441 §3).</summary>
    public const ushort EnableConnectProtocol = 8;

    /// <summary>What is wrong with the value; null when nothing is (RFC 9113 §6.5.2).</summary>
    public string? Problem(HttpDirection direction) => (Id, Value) switch
    {
        (EnablePush, > 1) => "SETTINGS_ENABLE_PUSH is neither 0 nor 1",
        (EnablePush, 1) when direction == HttpDirection.Response => "a server sends SETTINGS_ENABLE_PUSH 1",
        (InitialWindowSize, > int.MaxValue) => "SETTINGS_INITIAL_WINDOW_SIZE is more than 2^31-1",
        (MaxFrameSize, < Http2Frame.DefaultMaxSize or > 0xff_ffff) => "SETTINGS_MAX_FRAME_SIZE is out of range",
        (EnableConnectProtocol, > 1) => "SETTINGS_ENABLE_CONNECT_PROTOCOL is neither 0 nor 1",
        _ => null,
    };

    public static Http2Setting Read(ReadOnlySpan<byte> entry) =>
        new(BinaryPrimitives.ReadUInt16BigEndian(entry), BinaryPrimitives.ReadUInt32BigEndian(entry[2..]));

    public void Write(Span<byte> entry)
    {
        BinaryPrimitives.WriteUInt16BigEndian(entry, Id);
        BinaryPrimitives.WriteUInt32BigEndian(entry[2..], Value);
    }
}
