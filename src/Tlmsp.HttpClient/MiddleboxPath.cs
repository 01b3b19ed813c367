namespace Tlmsp.Client;

/// <summary>The middleboxes that a client puts on its paths, nearest to it first.</summary>
public sealed partial class MiddleboxPath
{
    private readonly List<TlmspMiddlebox> _items = [];

    /// <summary>The list.</summary>
    public IReadOnlyList<TlmspMiddlebox> Items => _items;

    /// <summary>Adds the next middlebox.</summary>
    /// <param name="address">The address it is configured with, such as <c>waf.example:7001</c>; the first one is where the client connects.</param>
    /// <param name="grant">What it may read or write.</param>
    /// <exception cref="FormatException">The address has no usable host or port.</exception>
    public MiddleboxPath Add(string address, Grant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        _items.Add(new TlmspMiddlebox(TlmspAddress.Parse(address), grant));
        return this;
    }
}
