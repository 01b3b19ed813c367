namespace Tlmsp;

/// <summary>An (EC)DH group. All key exchanges of a path use the same one (handshake.md §4.2).</summary>
public abstract class KeyExchangeGroup
{
    private protected KeyExchangeGroup(ushort id, string name)
    {
        Id = id;
        Name = name;
    }

    /// <summary>X25519 (RFC 7748). Available where .NET's own libcrypto is mapped, that is on Linux.</summary>
    public static KeyExchangeGroup X25519 { get; } = new X25519Group();

    /// <summary>NIST P-256 (secp256r1).</summary>
    public static KeyExchangeGroup P256 { get; } = new NistGroup(0x0017, "secp256r1", "1.2.840.10045.3.1.7", 32,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

    /// <summary>NIST P-384 (secp384r1).</summary>
    public static KeyExchangeGroup P384 { get; } = new NistGroup(0x0018, "secp384r1", "1.3.132.0.34", 48,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973");

    /// <summary>NIST P-521 (secp521r1).</summary>
    public static KeyExchangeGroup P521 { get; } = new NistGroup(0x0019, "secp521r1", "1.3.132.0.35", 66,
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409");

    /// <summary>The groups available here, in order of preference: X25519 first because it is three times as fast as P-256.</summary>
    public static IReadOnlyList<KeyExchangeGroup> Default { get; } = [.. new[] { X25519, P256, P384, P521 }.Where(group => group.IsSupported)];

    /// <summary>The number on the wire (RFC 8422 §5.1.1).</summary>
    public ushort Id { get; }

    /// <summary>The IANA name.</summary>
    public string Name { get; }

    /// <summary>Whether this machine can do it.</summary>
    public abstract bool IsSupported { get; }

    /// <summary>Makes an ephemeral key; the same random bytes give the same key.</summary>
    internal abstract EphemeralKey Generate(TlmspRandom random);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>One ephemeral key pair. An endpoint uses one for the far endpoint and all middleboxes (handshake.md §4.1).</summary>
internal abstract class EphemeralKey(KeyExchangeGroup group) : IDisposable
{
    public KeyExchangeGroup Group { get; } = group;

    /// <summary>The public point as it goes into messages.</summary>
    public abstract ReadOnlySpan<byte> PublicPoint { get; }

    /// <summary>The shared secret with a peer's point; to be zeroed by the caller.</summary>
    /// <exception cref="TlmspException">The point is malformed, not on the curve, or gives an all-zero secret.</exception>
    public abstract byte[] DeriveSecret(ReadOnlySpan<byte> peerPoint);

    public abstract void Dispose();
}
