using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>Curve25519 (RFC 7748) through the OpenSSL that .NET itself uses.</summary>
/// <remarks>
/// .NET has no X25519. On Windows, CNG has the curve, but .NET's handling of it there is undocumented; the group is then not offered.
/// </remarks>
internal sealed class X25519Group : KeyExchangeGroup
{
    internal const int Length = 32;

    public override ushort Id => 0x001d;

    public override string Name => "x25519";

    public override bool IsSupported => LibCrypto.HasX25519;

    internal override int PointLength => Length;

    internal override int SecretLength => Length;

    internal override EphemeralKey Generate(TlmspRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> scalar = stackalloc byte[Length];
        try
        {
            // Every 32 bytes are a private key: the function clamps them itself (RFC 7748 §5).
            random.Fill(scalar);
            return FromScalar(scalar);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scalar);
        }
    }

    internal EphemeralKey FromScalar(ReadOnlySpan<byte> scalar) =>
        IsSupported ? new X25519Key(this, scalar) : throw new PlatformNotSupportedException("X25519 needs OpenSSL 1.1.1 or later.");
}
