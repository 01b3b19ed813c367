using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>An ephemeral X25519 key. OpenSSL holds the private part and clears it when the handle is released.</summary>
internal sealed class X25519Key : EphemeralKey
{
    private readonly X25519Group _group;
    private readonly LibCrypto.PKeyHandle _key;
    private readonly byte[] _point = new byte[X25519Group.Length];

    public X25519Key(X25519Group group, ReadOnlySpan<byte> scalar)
    {
        _group = group;
        _key = LibCrypto.NewRawPrivateKey(LibCrypto.X25519, 0, scalar, (nuint)scalar.Length);
        nuint length = (nuint)_point.Length;
        if (_key.IsInvalid || LibCrypto.GetRawPublicKey(_key, _point, ref length) != 1 || length != (nuint)_point.Length)
        {
            _key.Dispose();
            LibCrypto.ClearErrors();
            throw new CryptographicException("OpenSSL could not make an X25519 key.");
        }
    }

    public override KeyExchangeGroup Group => _group;

    public override ReadOnlySpan<byte> PublicPoint => _point;

    public override void Dispose() => _key.Dispose();

    private protected override void Derive(ReadOnlySpan<byte> peerPoint, Span<byte> secret)
    {
        using LibCrypto.PKeyHandle peer = LibCrypto.NewRawPublicKey(LibCrypto.X25519, 0, peerPoint, (nuint)peerPoint.Length);
        using LibCrypto.PKeyContextHandle context = LibCrypto.NewContext(_key, 0);
        nuint length = (nuint)secret.Length;

        // A context of its own per call keeps concurrent derivations apart. OpenSSL itself fails when the result is zero.
        if (peer.IsInvalid || context.IsInvalid || LibCrypto.DeriveInit(context) != 1 || LibCrypto.DeriveSetPeer(context, peer) != 1
            || LibCrypto.Derive(context, secret, ref length) != 1 || length != (nuint)secret.Length)
        {
            CryptographicOperations.ZeroMemory(secret);
            LibCrypto.ClearErrors();
            throw new TlmspException(Misbehaviour.BadKeyShare, "x25519 point of small order");
        }
    }
}
