namespace Tlmsp.Tool.Decode;

/// <summary>The product's receiving code, except that it goes on after a bad MAC: for listings, which release nothing to anybody.</summary>
internal sealed class ListingFlow(SessionPath path, byte receiver, Direction direction, DirectionKeys keys, SecretKey?[] checkKeys)
    : IncomingFlow(path, receiver, direction, keys, checkKeys)
{
    /// <summary>The verdicts since the list was last cleared.</summary>
    public List<CheckedMac> Verdicts { get; } = [];

    protected override bool Passes(ContainerMac mac, byte entity, bool good)
    {
        Verdicts.Add(new CheckedMac(mac, entity, good ? MacVerdict.Good : MacVerdict.Failed));
        return true;
    }
}
