using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tlmsp.TestSupport;

/// <summary>
/// Certificates for server.example and localhost whose issuer says whether they are revoked. The platform fetches the list from a loopback port.
/// </summary>
public static class RevocableCertificate
{
    private static readonly Lazy<TlmspCertificate> s_revoked = new(() => Make(revoked: true));
    private static readonly Lazy<TlmspCertificate> s_good = new(() => Make(revoked: false));

    /// <summary>Its issuer has revoked it.</summary>
    public static TlmspCertificate Revoked => s_revoked.Value;

    /// <summary>Its issuer's list does not have it.</summary>
    public static TlmspCertificate Good => s_good.Value;

    private static TlmspCertificate Make(bool revoked)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        // A path of its own per run, since the platform keeps lists by their URL.
        string path = $"/{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}.crl";
        string url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}{path}";

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=revocable", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("server.example");
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([url]));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        using X509Certificate2 bare = request.Create(TestCertificates.Root, now.AddDays(-1), now.AddDays(30), serial);

        var list = new CertificateRevocationListBuilder();
        if (revoked)
        {
            list.AddEntry(bare);
        }

        byte[] crl = list.Build(TestCertificates.Root, 1, now.AddDays(1), HashAlgorithmName.SHA256, thisUpdate: now.AddHours(-1));
        _ = ServeAsync(listener, crl);
        return TlmspCertificate.Create(bare.CopyWithPrivateKey(key));
    }

    private static async Task ServeAsync(TcpListener listener, byte[] crl)
    {
        while (true)
        {
            using TcpClient client = await listener.AcceptTcpClientAsync();
            NetworkStream stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: {crl.Length}\r\nConnection: close\r\n\r\n"));
            await stream.WriteAsync(crl);
        }
    }
}
