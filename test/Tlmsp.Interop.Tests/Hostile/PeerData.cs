using System.Globalization;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>Content as the peer's switches name it.</summary>
internal static class PeerData
{
    /// <summary>"fill:N" is N bytes of hexadecimal digits, everything else stands for itself.</summary>
    public static string Read(string data) => data.StartsWith("fill:", StringComparison.Ordinal)
        ? string.Concat(Enumerable.Range(0, int.Parse(data[5..], CultureInfo.InvariantCulture)).Select(i => "0123456789abcdef"[i % 16]))
        : data;
}
