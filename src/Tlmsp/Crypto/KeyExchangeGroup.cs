namespace Tlmsp;

/// <summary>A group for the ephemeral key exchanges of a session (handshake.md §4; RFC 8422 §5.1.1).</summary>
public abstract class KeyExchangeGroup
{
    private protected KeyExchangeGroup()
    {
    }

    /// <summary>The number of the group on the wire.</summary>
    public abstract ushort Id { get; }

    /// <summary>The name of the group in the TLS registry.</summary>
    public abstract string Name { get; }

    /// <summary>Whether this platform can compute in the group; a group that it cannot is never offered.</summary>
    public abstract bool IsSupported { get; }

    /// <summary>Curve25519. Needs OpenSSL 1.1.1 or later, loaded by .NET itself: not available on Windows and macOS.</summary>
    public static KeyExchangeGroup X25519 { get; } = new X25519Group();

    /// <summary>NIST P-256.</summary>
    public static KeyExchangeGroup P256 { get; } = NistGroup.CreateP256();

    /// <summary>NIST P-384.</summary>
    public static KeyExchangeGroup P384 { get; } = NistGroup.CreateP384();

    /// <summary>NIST P-521.</summary>
    public static KeyExchangeGroup P521 { get; } = NistGroup.CreateP521();

    /// <summary>The supported groups, the preferred one first.</summary>
    /// <remarks>
    /// Reference middleboxes take the client's first group whatever the server chose (§4.2), and the reference offers X25519 first;
    /// it is also the cheapest by far, and a session with n middleboxes needs 1 + 2n exchanges.
    /// </remarks>
    public static IReadOnlyList<KeyExchangeGroup> Default { get; } =
        Array.AsReadOnly(new[] { X25519, P256, P384, P521 }.Where(group => group.IsSupported).ToArray());

    /// <summary>The group of a wire number.</summary>
    /// <param name="id">The number of the group.</param>
    /// <returns>Null when the number is unknown or the platform does not support the group.</returns>
    public static KeyExchangeGroup? FromId(ushort id)
    {
        foreach (KeyExchangeGroup group in Default)
        {
            if (group.Id == id)
            {
                return group;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The length of every public point of the group.</summary>
    internal abstract int PointLength { get; }

    /// <summary>The length of every shared secret of the group.</summary>
    internal abstract int SecretLength { get; }

    /// <summary>Makes a fresh key whose private part is drawn from <paramref name="random"/>: fixed randomness gives fixed keys.</summary>
    /// <exception cref="PlatformNotSupportedException">The group is not supported here.</exception>
    internal abstract EphemeralKey Generate(TlmspRandom random);
}
