using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>
/// A client's policy by path: which content context requests name, and so where their content travels and where that of their responses
/// has to come. A request's own <c>SetTlmspContent</c> goes before it.
/// </summary>
public sealed class ContentMap
{
    private const string AnyBelow = "/**";
    private readonly List<(string Path, bool IsPrefix, string Name)> _entries = [];

    /// <summary>The names that it maps to.</summary>
    internal IEnumerable<string> Names => _entries.Select(entry => entry.Name);

    /// <summary>Maps paths; where several entries match the longest counts.</summary>
    /// <param name="pattern">
    /// A path such as <c>/orders/export</c>, or with <c>/**</c> at its end it and all below it; without regard to letter case.
    /// </param>
    /// <param name="name">A name of <see cref="HttpProfile.WithContent"/>, such as <c>pii</c>.</param>
    /// <exception cref="ArgumentException">The pattern or the name is not of that form, or the pattern was mapped already.</exception>
    public ContentMap Map(string pattern, string name)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        HttpContentSet.CheckName(name);
        bool isPrefix = pattern.EndsWith(AnyBelow, StringComparison.Ordinal);
        string path = isPrefix ? pattern[..^AnyBelow.Length] : pattern;
        if (!pattern.StartsWith('/') || path.AsSpan().ContainsAny('*', '?', '#'))
        {
            throw new ArgumentException($"'{pattern}' is no path. Write /customers for one, or /customers/** for all below it as well.", nameof(pattern));
        }

        if (_entries.Any(entry => entry.IsPrefix == isPrefix && IsSame(entry.Path, path)))
        {
            throw new ArgumentException($"'{pattern}' is mapped twice.", nameof(pattern));
        }

        _entries.Add((path, isPrefix, name));
        return this;
    }

    /// <returns>Null for a path that is not mapped.</returns>
    internal string? Find(string path)
    {
        string? name = null;
        int best = -1;
        foreach ((string known, bool isPrefix, string context) in _entries)
        {
            bool matches = IsSame(known, path)
                || (isPrefix && path.Length > known.Length && path[known.Length] == '/' && IsSame(known, path[..known.Length]));
            int rank = (2 * known.Length) + (isPrefix ? 0 : 1);
            if (matches && rank > best)
            {
                (name, best) = (context, rank);
            }
        }

        return name;
    }

    private static bool IsSame(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
