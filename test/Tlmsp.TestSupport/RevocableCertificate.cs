using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>A server certificate that its issuer has revoked. The platform fetches the list that says so from a loopback port.</summary>
internal static class RevokedServerCertificate
{
    private static readonly Lazy<TlmspCertificate> s_certificate = new(Make);

    public static TlmspCertificate Get() => s_certificate.Value;

    private static TlmspCertificate Make()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        // A path of its own per run, since the platform keeps lists by their URL.
        string path = $"/{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}.crl";
        string url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}{path}";

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=revoked", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("server.example");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([url]));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        using X509Certificate2 bare = request.Create(TestCertificates.Root, now.AddDays(-1), now.AddDays(30), serial);

        var list = new CertificateRevocationListBuilder();
        list.AddEntry(bare);
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
