namespace Tlmsp.Http;

/// <summary>
/// Where data and end are in one direction of a tunnel (docs/http-mapping.md, Tunnels): blocks of a length of two octets, the most
/// significant first, and as many octets of data; a block without data is the end of the direction. The end of the connection cannot be it,
/// because every middlebox can send close_notify (http-mapping §13 item 6).
/// </summary>
internal struct HttpTunnelBlocks
{
    /// <summary>Octets of a length.</summary>
    public const int LengthSize = 2;

    private int _lengthRead;
    private int _left;

    /// <summary>The block that ends a direction.</summary>
    public static ReadOnlySpan<byte> EndMark => [0, 0];

    /// <summary>True when the end mark came.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Takes a run of octets from the start of what the tunnel context brought.</summary>
    /// <param name="octets">At least one.</param>
    /// <param name="data">The data among them.</param>
    /// <returns>How many; at least one.</returns>
    /// <exception cref="HttpMappingException">The direction has ended.</exception>
    public int Consume(ReadOnlySpan<byte> octets, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (HasEnded)
        {
            throw new HttpMappingException("data after the end of a tunnel", HttpRole.Tunnel);
        }

        if (_lengthRead < LengthSize)
        {
            _left = (_left << 8) | octets[0];
            HasEnded = ++_lengthRead == LengthSize && _left == 0;
            return 1;
        }

        data = octets[..Math.Min(octets.Length, _left)];
        _left -= data.Length;
        if (_left == 0)
        {
            _lengthRead = 0;
        }

        return data.Length;
    }
}
