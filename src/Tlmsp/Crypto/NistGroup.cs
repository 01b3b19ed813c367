using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>ECDH on a NIST curve, by the platform.</summary>
internal sealed class NistGroup : KeyExchangeGroup
{
    private const byte Uncompressed = 4;
    private readonly ECCurve _curve;
    private readonly int _fieldLength;
    private readonly byte[] _order;

    public NistGroup(ushort id, string name, string oid, int fieldLength, string order)
        : base(id, name)
    {
        _curve = ECCurve.CreateFromValue(oid);
        _fieldLength = fieldLength;
        _order = Convert.FromHexString(order);
    }

    public override bool IsSupported => true;

    internal override EphemeralKey Generate(TlmspRandom random)
    {
        if (ReferenceEquals(random, TlmspRandom.System))
        {
            return new Key(this, ECDiffieHellman.Create(_curve));
        }

        byte[] scalar = new byte[_fieldLength];
        do
        {
            random.Fill(scalar);
            if (_order[0] == 1)
            {
                scalar[0] &= 1;     // P-521: 65 bytes and one bit
            }
        }
        while (scalar.AsSpan().SequenceCompareTo(_order) >= 0 || !scalar.AsSpan().ContainsAnyExcept((byte)0));

        try
        {
            return new Key(this, ECDiffieHellman.Create(new ECParameters { Curve = _curve, D = scalar }));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
        }
    }

    private sealed class Key : EphemeralKey
    {
        private readonly NistGroup _group;
        private readonly ECDiffieHellman _key;
        private readonly byte[] _point;

        public Key(NistGroup group, ECDiffieHellman key)
            : base(group)
        {
            _group = group;
            _key = key;
            ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
            _point = [Uncompressed, .. q.X!, .. q.Y!];
        }

        public override ReadOnlySpan<byte> PublicPoint => _point;

        public override byte[] DeriveSecret(ReadOnlySpan<byte> peerPoint)
        {
            int length = _group._fieldLength;
            if (peerPoint.Length != 1 + 2 * length || peerPoint[0] != Uncompressed)
            {
                throw new TlmspException(Misbehaviour.BadKeyShare, $"{_group.Name} point of {peerPoint.Length} bytes");
            }

            try
            {
                var q = new ECPoint { X = peerPoint.Slice(1, length).ToArray(), Y = peerPoint[(1 + length)..].ToArray() };
                using ECDiffieHellman peer = ECDiffieHellman.Create(new ECParameters { Curve = _group._curve, Q = q });
                using ECDiffieHellmanPublicKey publicKey = peer.PublicKey;
                return _key.DeriveRawSecretAgreement(publicKey);
            }
            catch (CryptographicException e)
            {
                throw new TlmspException(Misbehaviour.BadKeyShare, $"{_group.Name} point is not on the curve", inner: e);
            }
        }

        public override void Dispose() => _key.Dispose();
    }
}
