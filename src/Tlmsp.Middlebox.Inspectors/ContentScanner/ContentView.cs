namespace Tlmsp.Middlebox.Inspectors;

/// <summary>Something that was found in what has come.</summary>
/// <param name="Pattern">What.</param>
/// <param name="Offsets">Where its bytes are in what has come; -1 for those that came before.</param>
internal readonly record struct ContentFinding(ContentPattern Pattern, int[] Offsets);

/// <summary>
/// The content of one message as a stream, raw or without what may be chunk framing. As much of its end is kept as the beginning of a match
/// can be long, and the byte before that.
/// </summary>
internal sealed class ContentView(ContentPattern[] patterns, bool isWithoutFraming)
{
    private readonly int _keep = patterns.Max(pattern => pattern.MaxLength);
    private readonly long[] _foundUntil = new long[patterns.Length];
    private readonly ChunkFramingFilter? _filter = isWithoutFraming ? new ChunkFramingFilter() : null;
    private readonly List<(char Char, int Offset)> _unframed = [];
    private readonly List<ContentMatch> _matches = [];
    private char[] _kept = [];
    private long _passed;       // before what is kept

    /// <summary>Whether the end of what has come may be the beginning of a match.</summary>
    /// <param name="content">What has come, without framing.</param>
    /// <param name="streams">Whether to leave out regular expressions, of which nothing tells that.</param>
    public bool MayGoOn(ReadOnlySpan<byte> content, bool streams)
    {
        char[] window = new char[_kept.Length + content.Length];
        _kept.CopyTo(window, 0);
        System.Text.Encoding.Latin1.GetChars(content, window.AsSpan(_kept.Length));
        return Array.Exists(patterns, pattern => !(streams && pattern is RegexPattern) && pattern.MayGoOn(window));
    }

    /// <summary>Finds what ends in what has come, which passes then.</summary>
    public List<ContentFinding> Pass(ReadOnlySpan<byte> content)
    {
        Read(content);
        char[] window = new char[_kept.Length + _unframed.Count];
        _kept.CopyTo(window, 0);
        for (int i = 0; i < _unframed.Count; i++)
        {
            window[_kept.Length + i] = _unframed[i].Char;
        }

        var findings = new List<ContentFinding>();
        for (int i = 0; i < patterns.Length; i++)
        {
            _matches.Clear();
            patterns[i].Find(window, _passed == 0, _kept.Length, _matches);
            foreach (ContentMatch match in _matches)
            {
                // One that has grown longer since it was found is the same.
                if (_passed + match.Start >= _foundUntil[i] || match.Start >= _kept.Length)
                {
                    IEnumerable<int> indices = Enumerable.Range(match.Start, match.End - match.Start);
                    findings.Add(new ContentFinding(patterns[i], [.. indices.Select(OffsetOf)]));
                }

                _foundUntil[i] = _passed + match.End;
            }
        }

        int keep = Math.Min(window.Length, _keep);
        _passed += window.Length - keep;
        _kept = window[^keep..];
        return findings;
    }

    private int OffsetOf(int index) => index < _kept.Length ? -1 : _unframed[index - _kept.Length].Offset;

    private void Read(ReadOnlySpan<byte> content)
    {
        _unframed.Clear();
        for (int i = 0; i < content.Length; i++)
        {
            if (_filter is null)
            {
                _unframed.Add(((char)content[i], i));
            }
            else
            {
                _filter.Take((char)content[i], i, _unframed);
            }
        }

        _filter?.EndPiece();
    }
}
