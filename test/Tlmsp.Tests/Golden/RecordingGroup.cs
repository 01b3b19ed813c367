namespace Tlmsp.Tests.Golden;

/// <summary>A group that keeps the premaster secrets of its keys, in the order in which they are derived.</summary>
internal sealed class RecordingGroup(KeyExchangeGroup group) : KeyExchangeGroup
{
    public List<byte[]> Premasters { get; } = [];

    public override ushort Id => group.Id;

    public override string Name => group.Name;

    public override bool IsSupported => group.IsSupported;

    internal override int PointLength => group.PointLength;

    internal override int SecretLength => group.SecretLength;

    internal override EphemeralKey Generate(TlmspRandom random) => new RecordingKey(this, group.Generate(random));

    private sealed class RecordingKey(RecordingGroup group, EphemeralKey key) : EphemeralKey
    {
        public override KeyExchangeGroup Group => group;

        public override ReadOnlySpan<byte> PublicPoint => key.PublicPoint;

        public override void Dispose() => key.Dispose();

        private protected override void Derive(ReadOnlySpan<byte> peerPoint, Span<byte> secret)
        {
            key.DeriveSecret(peerPoint, secret);
            group.Premasters.Add(secret.ToArray());
        }
    }
}
