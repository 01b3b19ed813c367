using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Client;

/// <summary>
/// An SslStream that finished a handshake in memory. SocketsHttpHandler asks an SslStream for the application protocol before it uses a
/// connection for a request that allows HTTP/2; the stream is then replaced by the real one in the plaintext filter.
/// </summary>
internal static class ThrowAwayTls
{
    private static readonly Lazy<X509Certificate2> Certificate = new(MakeCertificate);

    public static async Task<SslStream> ConnectAsync(CancellationToken cancellationToken)
    {
        var toServer = new Pipe();
        var toClient = new Pipe();
        var client = new SslStream(new PipePairStream(toClient.Reader.AsStream(), toServer.Writer.AsStream()));
        var server = new SslStream(new PipePairStream(toServer.Reader.AsStream(), toClient.Writer.AsStream()));
        List<SslApplicationProtocol> protocols = [SslApplicationProtocol.Http11];
        Task accept = server.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = Certificate.Value, ApplicationProtocols = protocols, EnabledSslProtocols = SslProtocols.Tls12 },
            cancellationToken);
        await client.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "in-memory",
                ApplicationProtocols = protocols,
                EnabledSslProtocols = SslProtocols.Tls12,
                // Both ends are in this process; nothing is ever sent over this stream.
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            },
            cancellationToken).ConfigureAwait(false);
        await accept.ConfigureAwait(false);
        return client;
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=in-memory", key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class PipePairStream(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => write.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => write.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => read.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => read.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => write.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write.WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
