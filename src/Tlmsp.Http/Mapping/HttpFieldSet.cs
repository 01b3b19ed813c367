using System.Text;

namespace Tlmsp.Http;

/// <summary>The fields that travel in the secret context: four that always do, and more by agreement (http-mapping §9).</summary>
internal sealed class HttpFieldSet
{
    private static readonly string[] s_always = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

    /// <summary>Fields that everybody who reads heads must see to know where messages begin and end, and where they go.</summary>
    private static readonly string[] s_never =
        ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

    private readonly byte[][] _names;

    private HttpFieldSet(string[] more)
    {
        More = string.Join(',', more);
        _names = [.. s_always.Concat(more).Select(Encoding.ASCII.GetBytes)];
    }

    /// <summary>The names beyond the four, in lower case, sorted, with commas between them: as in a purpose.</summary>
    public string More { get; }

    /// <exception cref="ArgumentException">A name is no field name, or must stay with the head.</exception>
    public static HttpFieldSet Create(IEnumerable<string> names)
    {
        string[] more = [.. names.Select(name => name.ToLowerInvariant()).Except(s_always).Order(StringComparer.Ordinal)];
        foreach (string name in more)
        {
            if (!name.All(char.IsAscii) || !HttpSyntax.IsToken(Encoding.ASCII.GetBytes(name)) || s_never.Contains(name))
            {
                throw new ArgumentException(
                    s_never.Contains(name) ? $"The field {name} cannot be secret: it frames or routes messages." : $"'{name}' is no field name.");
            }
        }

        return new HttpFieldSet(more);
    }

    /// <summary>True for a field of the set, in any letter case.</summary>
    public bool Contains(ReadOnlySpan<byte> name)
    {
        foreach (byte[] candidate in _names)
        {
            if (HttpSyntax.Is(name, candidate))
            {
                return true;
            }
        }

        return false;
    }
}
