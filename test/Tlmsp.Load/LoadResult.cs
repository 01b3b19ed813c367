using System.Globalization;

namespace Tlmsp.Load;

/// <summary>What a run came to.</summary>
/// <param name="Completed">Requests that were answered, with the right bytes.</param>
/// <param name="Failed">Requests that failed.</param>
/// <param name="Bytes">Content that was received.</param>
/// <param name="PeakWorkingSet">Most memory of the process, bytes.</param>
/// <param name="Problems">What should not have happened; none on success.</param>
public sealed record LoadResult(long Completed, long Failed, long Bytes, long PeakWorkingSet, IReadOnlyList<string> Problems)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Completed} requests answered, {Failed} failed, {Bytes / 1e6:F0} MB received, peak working set {PeakWorkingSet / 1e6:F0} MB")
        + string.Concat(Problems.Select(problem => $"\nPROBLEM: {problem}"));
}
