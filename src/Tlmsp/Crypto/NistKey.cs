using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>An ephemeral key on a NIST curve.</summary>
internal sealed class NistKey : EphemeralKey
{
    private const byte Uncompressed = 4;   // the only point format of RFC 8422 §5.1.2
    private readonly NistGroup _group;
    private readonly ECDiffieHellman _key;
    private readonly byte[] _point;

    public NistKey(NistGroup group, ECDiffieHellman key)
    {
        _group = group;
        _key = key;
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        _point = [Uncompressed, .. q.X!, .. q.Y!];
    }

    public override KeyExchangeGroup Group => _group;

    public override ReadOnlySpan<byte> PublicPoint => _point;

    public override void Dispose() => _key.Dispose();

    private protected override void Derive(ReadOnlySpan<byte> peerPoint, Span<byte> secret)
    {
        if (peerPoint[0] != Uncompressed)
        {
            throw new TlmspException(Misbehaviour.BadKeyShare, $"{_group.Name} point format {peerPoint[0]}");
        }

        int length = _group.SecretLength;
        var peer = new ECParameters
        {
            Curve = _group.Curve,
            Q = { X = peerPoint.Slice(1, length).ToArray(), Y = peerPoint.Slice(1 + length, length).ToArray() },
        };
        byte[]? raw = null;
        try
        {
            // The import refuses coordinates out of range and points off the curve.
            using ECDiffieHellman other = ECDiffieHellman.Create(peer);
            using ECDiffieHellmanPublicKey otherPublic = other.PublicKey;
            raw = _key.DeriveRawSecretAgreement(otherPublic);
            raw.CopyTo(secret);
        }
        catch (CryptographicException e)
        {
            throw new TlmspException(Misbehaviour.BadKeyShare, $"{_group.Name} point is not on the curve", inner: e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(raw);
        }
    }
}
