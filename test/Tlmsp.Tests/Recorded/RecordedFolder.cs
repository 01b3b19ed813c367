using System.Collections.Concurrent;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Recorded;

/// <summary>A folder of recorded sessions.</summary>
internal sealed class RecordedFolder(string? path)
{
    private const string Variable = "TLMSP_VECTORS";
    private readonly ConcurrentDictionary<string, Lazy<RecordedSessionFile>> _loaded = new();

    /// <summary>The one that TLMSP_VECTORS names, else shared/vectors beside the repository.</summary>
    public static RecordedFolder OfReference { get; } = new(Find());

    /// <summary>Why there is no folder of the reference's sessions.</summary>
    public static string WhyMissing { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? $"skipped: the folder that {Variable} names ('{named}') does not exist"
        : $"skipped: no recorded sessions; set {Variable} to their folder";

    /// <summary>Null when there is none.</summary>
    public string? Path => path;

    /// <summary>All files, those of subfolders included, by path relative to the folder.</summary>
    public IReadOnlyList<string> Files { get; } = List(path);

    /// <exception cref="InvalidDataException">The file is no recorded session.</exception>
    public RecordedSessionFile Load(string file) =>
        _loaded.GetOrAdd(file, name => new(() => RecordedSessionFile.Load(System.IO.Path.Combine(path!, name)))).Value;

    private static string[] List(string? path) => path is null
        ? []
        : [.. Directory.EnumerateFiles(path, "*.json", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(path, file)).Order(StringComparer.Ordinal)];

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : null;
        }

        string? beside = Repository.Root is { } root ? System.IO.Path.Combine(root, "..", "shared", "vectors") : null;
        return Directory.Exists(beside) ? System.IO.Path.GetFullPath(beside) : null;
    }
}

/// <summary>A theory over recorded sessions; skipped, with the reason, where there are none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RecordedTheoryAttribute : TheoryAttribute
{
    public RecordedTheoryAttribute()
    {
        if (RecordedFolder.OfReference.Path is null)
        {
            Skip = RecordedFolder.WhyMissing;
        }
    }
}

/// <summary>A fact about the folder of recorded sessions.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RecordedFactAttribute : FactAttribute
{
    public RecordedFactAttribute()
    {
        if (RecordedFolder.OfReference.Path is null)
        {
            Skip = RecordedFolder.WhyMissing;
        }
    }
}
