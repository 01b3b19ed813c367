using System.Security.Cryptography.X509Certificates;

namespace Tlmsp;

/// <summary>Checks signatures of peers.</summary>
internal static class SignatureCheck
{
    /// <param name="leaf">Certificate of the signer.</param>
    /// <param name="share">The signed share.</param>
    /// <param name="signed">What the signature covers.</param>
    /// <param name="allowSha1">For middleboxes of the reference, which sign with SHA-1 whatever was offered (handshake.md §3.4).</param>
    /// <param name="misbehaviour">What a wrong signature is called.</param>
    /// <exception cref="TlmspException">The scheme is not allowed or does not fit the key, or the signature is wrong.</exception>
    public static void Require(X509Certificate2 leaf, SignedKeyShare share, ReadOnlySpan<byte> signed, bool allowSha1, Misbehaviour misbehaviour) =>
        Require(leaf, share.Scheme, share.Signature, signed, allowSha1, misbehaviour);

    /// <summary>As above, for a signature on something else.</summary>
    public static void Require(
        X509Certificate2 leaf, ushort scheme, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> signed, bool allowSha1, Misbehaviour misbehaviour)
    {
        if (!SignatureSchemes.Fits(scheme, leaf))
        {
            throw new TlmspException(Misbehaviour.BadSignatureScheme, $"scheme {scheme:x4} of '{leaf.Subject}'");
        }

        if (SignatureSchemes.IsLegacySha1(scheme) && !allowSha1)
        {
            throw new TlmspException(Misbehaviour.NoCommonSignatureScheme, $"scheme {scheme:x4} of '{leaf.Subject}' is not allowed");
        }

        if (!SignatureSchemes.Verify(leaf, scheme, signed, signature))
        {
            throw new TlmspException(misbehaviour, $"by '{leaf.Subject}'");
        }
    }
}
