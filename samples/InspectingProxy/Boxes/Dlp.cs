using System.Text;
using Tlmsp;
using Tlmsp.Http;
using Tlmsp.Middlebox;

namespace InspectingProxy.Boxes;

/// <summary>
/// Stops responses that hold one of some words, however they are cut into containers. It reads no heads, so it sees the framing of chunks
/// as well, and does not find a word that a border of chunks goes through.
/// </summary>
/// <param name="words">What must not leave.</param>
[InspectorNeeds(HttpDirection.Response, HttpRole.Content, TlmspAccess.Read)]
internal sealed class Dlp(string[] words) : ITlmspInspector
{
    private readonly byte[][] _words = [.. words.Select(Encoding.UTF8.GetBytes)];
    private byte[] _before = [];

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        if (message.Direction == HttpDirection.Request)
        {
            return default;
        }

        // The end of what has passed may be the beginning of a word.
        byte[] window = [.. _before, .. content.Memory.Span];
        for (int i = 0; i < _words.Length; i++)
        {
            if (window.AsSpan().IndexOf(_words[i]) >= 0)
            {
                return new(InspectionVerdict.Close($"the response holds word {i + 1} of {_words.Length}"));
            }
        }

        _before = window[^Math.Min(window.Length, _words.Max(word => word.Length) - 1)..];
        return default;
    }
}
