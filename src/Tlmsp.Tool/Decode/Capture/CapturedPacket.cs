using System.Net;

namespace Tlmsp.Tool.Decode.Capture;

/// <summary>A packet of a capture file.</summary>
/// <param name="LinkType">What comes first in it: a LINKTYPE_ number (https://www.tcpdump.org/linktypes.html).</param>
/// <param name="Time">Since 1970.</param>
/// <param name="Data">The captured part.</param>
internal readonly record struct CapturedPacket(uint LinkType, TimeSpan Time, ReadOnlyMemory<byte> Data);

/// <summary>A TCP segment (RFC 9293 §3.1).</summary>
internal readonly record struct TcpSegment(
    IPEndPoint Source, IPEndPoint Destination, uint Sequence, bool Syn, bool Ack, ReadOnlyMemory<byte> Payload)
{
    /// <summary>True when the capture holds less of the payload than was sent.</summary>
    public bool IsCut { get; init; }
}
