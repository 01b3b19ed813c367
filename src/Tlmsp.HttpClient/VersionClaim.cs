using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>
/// Stands for a connection until SocketsHttpHandler has asked it for its application protocol, which it does before it uses one for a request
/// that allows HTTP/2: only a stream that went through a handshake can answer, so this one did, in memory. The plaintext filter takes the
/// real stream out; until then the two share their end.
/// </summary>
internal sealed class VersionClaim : SslStream
{
    private static readonly Lazy<X509Certificate2> s_certificate = new(MakeCertificate);
    private Stream? _claimed;

    private VersionClaim(Stream inMemory, Stream claimed)
        : base(inMemory) => _claimed = claimed;

    /// <summary>Makes a claim; disposes of the stream when that fails.</summary>
    /// <param name="claimed">The real stream.</param>
    /// <param name="version">What it carries, and so what the claim answers.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<VersionClaim> CreateAsync(Stream claimed, HttpWireVersion version, CancellationToken cancellationToken)
    {
        List<SslApplicationProtocol> protocols =
            [version == HttpWireVersion.Http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11];
        var toServer = new Pipe();
        var toClient = new Pipe();
        var client = new VersionClaim(new DuplexStream(toClient.Reader.AsStream(), toServer.Writer.AsStream()), claimed);
        try
        {
            using var server = new SslStream(new DuplexStream(toServer.Reader.AsStream(), toClient.Writer.AsStream()));
            await Task.WhenAll(
                server.AuthenticateAsServerAsync(ServerOptions(protocols), cancellationToken),
                client.AuthenticateAsClientAsync(ClientOptions(protocols), cancellationToken)).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The real stream, which is the caller's from now on.</summary>
    public Stream Take() => Interlocked.Exchange(ref _claimed, null) ?? throw new InvalidOperationException("The stream was taken already.");

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _claimed, null) is { } claimed)
        {
            await claimed.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _claimed, null) is { } claimed)
        {
            claimed.Dispose();
        }

        base.Dispose(disposing);
    }

    private static SslServerAuthenticationOptions ServerOptions(List<SslApplicationProtocol> protocols) => new()
    {
        ServerCertificate = s_certificate.Value,
        ApplicationProtocols = protocols,
        EnabledSslProtocols = SslProtocols.Tls12,
    };

    private static SslClientAuthenticationOptions ClientOptions(List<SslApplicationProtocol> protocols) => new()
    {
        TargetHost = "in-memory",
        ApplicationProtocols = protocols,
        EnabledSslProtocols = SslProtocols.Tls12,

        // Both ends are in this process; nothing is ever sent over this stream.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
    };

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=in-memory", key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    /// <summary>Two one-way streams as one.</summary>
    private sealed class DuplexStream(Stream read, Stream write) : Stream
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

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                // The other end must not wait for what will not come.
                write.Dispose();
                read.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
