namespace Tlmsp.Http;

/// <summary>Hears of every run of bytes of an HTTP/2 connection, before the event that it causes: for a middlebox that may have to replace it.</summary>
internal interface IHttp2FrameEvents
{
    /// <summary>The next bytes of the container.</summary>
    /// <param name="frame">The frame that they belong to; not yet known in a part of a frame header, nor in the preface.</param>
    /// <param name="piece">What they are.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isInside">Whether a frame or field block goes on behind them.</param>
    void OnFrameRun(in Http2Frame frame, Http2Piece piece, ReadOnlySpan<byte> bytes, bool isInside);
}
