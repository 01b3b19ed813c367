using System.Text;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using Tlmsp.Tests.Messages;

namespace Tlmsp.Tests.BadInput;

/// <summary>Server names that no platform takes for one, told to a server that chooses a certificate by name, and to a middlebox.</summary>
public class OddServerNameTests
{
    public static TheoryData<string> Names => ["", "-", ".", "a..b", "*", "*.example", "[::1", "::1", "1.2.3.4.5", "a/b", "xn--", "a\"b"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_server_takes_its_first_certificate(string name)
    {
        var options = new PathOptions("", audited: false);
        TlmspCertificate first = TestCertificates.Get("first.example");
        options.Server.Certificates = [first, TestCertificates.Get("second.example")];
        options.Client.Trust = new CertificateTrust { ValidationCallback = _ => true };
        using InMemoryPath path = options.Make();
        Rename(path.ToServer(), name);
        path.TryConnect();
        Assert.Equal(first.Leaf.RawData, path.ClientHandshake.ServerCertificate!.RawData);
        Assert.Equal(Misbehaviour.BadFinished, path.Faults["server"].Misbehaviour);
    }

    /// <summary>An empty name is none, and the address counts; the client's Finished shows that its hello was changed.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_middlebox_finds_that_the_servers_certificate_is_for_another(string name)
    {
        using InMemoryPath path = new PathOptions("1=r", audited: false).Make();
        Rename(path.ToServer(0), name);
        path.TryConnect();
        Assert.Contains(path.Faults, fault => !fault.Value.FromPeer && (name.Length == 0
            ? fault is { Key: "middlebox 0", Value.Misbehaviour: Misbehaviour.BadMiddleboxFinished }
            : fault is { Key: "middlebox 0", Value.Misbehaviour: Misbehaviour.CertificateNameMismatch }));
    }

    private static void Rename(InMemoryPipe pipe, string name) => pipe.Replace(HandshakeType.ClientHello, record =>
    {
        var parts = new HelloParts(ClientHello.Read(record.MessageBody));
        byte[] host = Encoding.ASCII.GetBytes(name);
        parts.Replace(TlmspDialect.ExtensionServerName, [0, (byte)(host.Length + 3), 0, 0, (byte)host.Length, .. host]);
        return [record.With(parts.ToMessage())];
    });
}
