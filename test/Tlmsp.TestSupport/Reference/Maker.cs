namespace Tlmsp.TestSupport;

/// <summary>Who made a party.</summary>
internal enum Maker
{
    Ours,
    Reference,
}
