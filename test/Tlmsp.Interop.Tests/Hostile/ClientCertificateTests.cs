using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>A client that is asked for a certificate, and does with that message and CertificateVerify what it should not (handshake.md §1.4).</summary>
public class HostileClientCertificateTests(ClientCertificateLab lab) : HostileClient(lab), IClassFixture<ClientCertificateLab>
{
    private const string NoCertificate = "--no-close-notify";

    internal static RowTable<EndpointRow> Table { get; } = new(
    [
        .. EndpointRows.Handshake(EndpointRows.Harmless, NoCertificate),
        .. EndpointRows.Handshake(EndpointRows.Neighbour(UnexpectedHandshakeMessage, 10), "--dup cert", "--dup cv", "--swap cke,cv"),
        // Whether a client has to send them is for the server to say; a middlebox may find the rest out of place before it hears of that.
        .. EndpointRows.Handshake(Missing, "--skip cert", "--swap cert,cke"),
        .. EndpointRows.Handshake(EndpointRows.FarEnd(UnexpectedHandshakeMessage, 10), "--skip cv"),
        .. EndpointRows.Handshake(EndpointRows.Neighbour(FragmentedHandshakeMessage, 47), "--fragment cert", "--fragment cv"),
        .. EndpointRows.Handshake(EndpointRows.Neighbour(CoalescedHandshakeMessages, 47), "--coalesce cert,cke", "--coalesce cke,cv"),
        // Keys follow the transcript (handshake.md §4): a middlebox may open the client's KeyMaterial before it hears of the server's alert.
        .. EndpointRows.Handshake(KeysMayFailFirst(EndpointRows.FarEnd(UntrustedCertificate, 48)), "--corrupt 1:-1"),
        .. EndpointRows.Handshake(EndpointRows.FarEnd(BadCertificateVerify, 51), "--corrupt 3:-1"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Wrong_client_certificates(string row) => RunAsync(Table[row]);

    private static EndingWith KeysMayFailFirst(EndingWith ending) => middleboxes =>
    {
        EndpointEnding told = ending(middleboxes);
        return middleboxes == 0 ? told : told with
        {
            Nearest = Endings.Or(told.Nearest, Endings.Report(BadKeyMaterialTag, 80)),
            Attacker = Endings.Or(told.Attacker, "alert 80"),
        };
    };

    private static EndpointEnding Missing(int middleboxes) => EndpointRows.FarEnd(UnexpectedHandshakeMessage, 10)(middleboxes) with
    {
        Nearest = Endings.Or(Endings.Received(10), Endings.Report(UnexpectedHandshakeMessage, 10)),
        Endpoint = Endings.Or(Endings.Report(UnexpectedHandshakeMessage, 10), middleboxes > 0 ? Endings.Received(10) : Endings.Report(UnexpectedHandshakeMessage, 10)),
    };
}

/// <summary>A middlebox that interferes with the request for a client certificate and the answer.</summary>
public class HostileMiddleboxCertificateTests(ClientCertificateLab lab) : HostileMiddlebox(lab), IClassFixture<ClientCertificateLab>
{
    internal static RowTable<MiddleboxRow> Table { get; } = new(
    [
        .. MiddleboxRows.Handshake(MiddleboxRows.Harmless, "--fault-dir both"),
        .. MiddleboxRows.Handshake(MiddleboxRows.ServerFinds(UnexpectedHandshakeMessage, 10), "--skip creq", "--skip cv"),
        .. MiddleboxRows.Handshake(MiddleboxRows.NextToClient(UnexpectedHandshakeMessage, 10), "--dup creq", "--swap ske,creq"),
        .. MiddleboxRows.Handshake(MiddleboxRows.NextToClient(FragmentedHandshakeMessage, 47), "--fragment creq"),
        .. MiddleboxRows.Handshake(MiddleboxRows.NextToServer(UnexpectedHandshakeMessage, 10), "--dup cv", "--dup cert --fault-dir c2s", "--swap cke,cv"),
        .. MiddleboxRows.Handshake(MiddleboxRows.NextToServer(FragmentedHandshakeMessage, 47), "--fragment cv", "--fragment cert --fault-dir c2s"),
        .. MiddleboxRows.Handshake(MiddleboxRows.NextOrServer(UnexpectedHandshakeMessage, 10), "--skip cert --fault-dir c2s"),
    ]);

    public static TheoryData<string> Rows => Table.Names;

    [PeerTheory]
    [MemberData(nameof(Rows))]
    public Task Interference_with_client_certificates(string row) => RunAsync(Table[row]);
}
