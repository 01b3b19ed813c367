using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>X25519 by libcrypto (RFC 7748, RFC 8422 §5.11).</summary>
internal sealed class X25519Group() : KeyExchangeGroup(0x001d, "x25519")
{
    private const int Length = 32;

    public override bool IsSupported => LibCrypto.HasX25519;

    internal override EphemeralKey Generate(TlmspRandom random)
    {
        byte[] scalar = new byte[Length];
        random.Fill(scalar);
        try
        {
            return new Key(this, LibCrypto.NewPrivateKey(scalar));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
        }
    }

    private sealed class Key : EphemeralKey
    {
        private readonly LibCrypto.KeyHandle _key;
        private readonly byte[] _point = new byte[Length];

        public Key(KeyExchangeGroup group, LibCrypto.KeyHandle key)
            : base(group)
        {
            _key = key;
            LibCrypto.GetPublicKey(key, _point);
        }

        public override ReadOnlySpan<byte> PublicPoint => _point;

        public override byte[] DeriveSecret(ReadOnlySpan<byte> peerPoint)
        {
            if (peerPoint.Length != Length)
            {
                throw new TlmspException(Misbehaviour.BadKeyShare, $"x25519 point of {peerPoint.Length} bytes");
            }

            byte[] secret = new byte[Length];
            // Low-order points give zero whatever the private key is (RFC 7748 §6.1).
            if (!LibCrypto.TryDerive(_key, peerPoint, secret) || CryptographicOperations.FixedTimeEquals(secret, new byte[Length]))
            {
                throw new TlmspException(Misbehaviour.BadKeyShare, "x25519 point of low order");
            }

            return secret;
        }

        public override void Dispose() => _key.Dispose();
    }
}
