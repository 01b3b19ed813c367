using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>What a party collects about one middlebox of the list during the handshake.</summary>
internal sealed class MiddleboxPeer(MiddleboxEntry entry) : IDisposable
{
    public MiddleboxEntry Entry { get; } = entry;

    public byte Id => Entry.Id;

    public byte[] ToClientRandom { get; private set; } = [];

    public byte[] ToServerRandom { get; private set; } = [];

    public byte[] HelloMessage { get; private set; } = [];

    public byte[] CertificateBytes { get; private set; } = [];

    public byte[] HelloDoneMessage { get; set; } = [];

    /// <summary>DER of the leaf, for the id list.</summary>
    public ReadOnlyMemory<byte> Leaf { get; private set; }

    public X509Certificate2? Certificate { get; private set; }

    /// <summary>The key share meant for this party.</summary>
    public SignedKeyShare? Share { get; set; }

    /// <summary>What this party shares with the middlebox; A is this party.</summary>
    public PairSecret? Secret { get; set; }

    /// <summary>What the middlebox confirmed.</summary>
    public ContributionTable? Confirmed { get; set; }

    /// <summary>Lcontrib, once both endpoints' contributions are known; at a server only.</summary>
    public byte[] SharedContributions { get; set; } = [];

    public void OnHello(MiddleboxHello hello, byte[] message)
    {
        ToClientRandom = hello.ToClientRandom;
        ToServerRandom = hello.ToServerRandom;
        HelloMessage = message;
    }

    public void OnCertificate(ReadOnlyMemory<byte> leaf, X509Certificate2? certificate, byte[] message)
    {
        Leaf = leaf;
        Certificate = certificate;
        CertificateBytes = message;
    }

    public void Dispose()
    {
        Secret?.Dispose();
        Confirmed?.Dispose();
    }
}
