using System.Net;
using System.Net.Sockets;

namespace Tlmsp.Middlebox;

/// <summary>What a listener works with, checked: for the connections that it accepts from now on.</summary>
/// <param name="Name">Its name; <see cref="OnlyName"/> where options have the short form.</param>
/// <param name="Address">What clients list, as it was written.</param>
/// <param name="Options">What holds for all listeners.</param>
/// <param name="Engine">What the engine needs.</param>
internal sealed record ListenerSettings(string Name, string Address, TlmspMiddleboxHostOptions Options, TlmspMiddleboxOptions Engine)
{
    /// <summary>The name of a listener that was given none.</summary>
    public const string OnlyName = "Default";

    /// <summary>Where it listens. No two listeners have the same, so this is what tells whether one is already bound.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>Whether <see cref="EndPoint"/> stands for every interface, with or without IPv6.</summary>
    public required bool IsEveryInterface { get; init; }

    /// <summary>The files of its certificate, if that is where it is.</summary>
    public required TlmspCertificateFile? CertificateFile { get; init; }

    /// <summary>Most connections at a time.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>The certificate for a handshake that begins now.</summary>
    public TlmspCertificate Certificate => CertificateFile?.Current ?? Engine.Certificate!;

    /// <summary>Whether a system would refuse to bind both.</summary>
    public bool Overlaps(ListenerSettings other) => EndPoint.Port == other.EndPoint.Port
        && (Covers(EndPoint.Address, other.EndPoint.Address) || Covers(other.EndPoint.Address, EndPoint.Address));

    /// <summary>The unspecified address of IPv6 stands for IPv4 too (Kestrel binds it for both).</summary>
    private static bool Covers(IPAddress address, IPAddress other) => address.Equals(other)
        || address.Equals(IPAddress.IPv6Any)
        || (address.Equals(IPAddress.Any) && other.AddressFamily == AddressFamily.InterNetwork);
}
