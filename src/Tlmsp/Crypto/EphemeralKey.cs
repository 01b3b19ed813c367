namespace Tlmsp;

/// <summary>A private key that lives for one handshake. Deriving is safe for concurrent use; disposing wipes the key.</summary>
internal abstract class EphemeralKey : IDisposable
{
    /// <summary>The group of the key.</summary>
    public abstract KeyExchangeGroup Group { get; }

    /// <summary>The public point as on the wire: 32 raw bytes, or 04 | X | Y.</summary>
    public abstract ReadOnlySpan<byte> PublicPoint { get; }

    /// <summary>The length of the shared secret.</summary>
    public int SecretLength => Group.SecretLength;

    /// <summary>Computes the premaster secret with a peer (handshake.md §4.1): raw X25519 output, or X left-padded to the field size.</summary>
    /// <param name="peerPoint">The peer's point as on the wire; nothing about it is trusted.</param>
    /// <param name="secret">Receives the secret; exactly <see cref="SecretLength"/> bytes.</param>
    /// <exception cref="TlmspException">
    /// <see cref="Misbehaviour.BadKeyShare"/>: wrong length or form, not on the curve, or an all-zero result.
    /// </exception>
    public void DeriveSecret(ReadOnlySpan<byte> peerPoint, Span<byte> secret)
    {
        if (secret.Length != SecretLength)
        {
            throw new ArgumentException($"The secret of {Group.Name} has {SecretLength} bytes.", nameof(secret));
        }

        if (peerPoint.Length != Group.PointLength)
        {
            throw new TlmspException(Misbehaviour.BadKeyShare, $"{Group.Name} point of {peerPoint.Length} bytes");
        }

        Derive(peerPoint, secret);

        // RFC 7748 §6.1 and RFC 8422 §5.11: points of small order give a secret that everybody knows.
        if (!secret.ContainsAnyExcept((byte)0))
        {
            throw new TlmspException(Misbehaviour.BadKeyShare, $"{Group.Name} shared secret is zero");
        }
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected abstract void Derive(ReadOnlySpan<byte> peerPoint, Span<byte> secret);
}
