namespace Tlmsp.Http;

/// <summary>A field of a head or trailer section.</summary>
/// <param name="Name">As sent; compare without regard to case.</param>
/// <param name="Value">Without surrounding white space; Latin-1.</param>
public readonly record struct HttpField(string Name, string Value);

/// <summary>A parsed head, as inspectors see it.</summary>
/// <param name="Direction">Request or response.</param>
/// <param name="StartLine">Request line or status line; over HTTP/2 the one that the pseudo-header fields stand for, as <c>GET / HTTP/2</c>.</param>
/// <param name="Fields">In the order sent; over HTTP/2 <c>host</c> comes from <c>:authority</c>.</param>
public sealed record HttpHead(HttpDirection Direction, string StartLine, IReadOnlyList<HttpField> Fields)
{
    /// <summary>The stream of an HTTP/2 connection; 0 over HTTP/1.1, where messages come one after another.</summary>
    public int StreamId { get; init; }

    /// <summary>The method of a request, else empty.</summary>
    public string Method => Direction == HttpDirection.Request ? StartLine.Split(' ')[0] : "";

    /// <summary>The target of a request, else empty.</summary>
    public string Target => Direction == HttpDirection.Request ? StartLine.Split(' ')[1] : "";

    /// <summary>The status code of a response, else 0.</summary>
    public int StatusCode => Direction == HttpDirection.Response
        ? int.Parse(StartLine.AsSpan(StartLine.IndexOf(' ', StringComparison.Ordinal) + 1, 3), System.Globalization.CultureInfo.InvariantCulture)
        : 0;

    /// <summary>The first value of a field; null when there is none.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (HttpField field in Fields)
            {
                if (string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
                {
                    return field.Value;
                }
            }

            return null;
        }
    }
}
