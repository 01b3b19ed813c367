namespace Tlmsp.Tests.Recorded;

/// <summary>The folder of recorded sessions: the one that TLMSP_VECTORS names, else shared/vectors beside the repository.</summary>
internal static class RecordedFolder
{
    private const string Variable = "TLMSP_VECTORS";

    /// <summary>Null when there is none; <see cref="WhyMissing"/> says why.</summary>
    public static string? Path { get; } = Find();

    public static string WhyMissing { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? $"skipped: the folder that {Variable} names ('{named}') does not exist"
        : $"skipped: no recorded sessions; set {Variable} to their folder";

    /// <summary>All files, those of subfolders included, by path relative to the folder.</summary>
    public static IReadOnlyList<string> Files { get; } = Path is null
        ? []
        : [.. Directory.EnumerateFiles(Path, "*.json", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(Path, file)).Order(StringComparer.Ordinal)];

    public static RecordedSessionFile Load(string file) => RecordedSessionFile.Load(System.IO.Path.Combine(Path!, file));

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : null;
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "TlmspAspNet.sln")))
            {
                string beside = System.IO.Path.Combine(folder.FullName, "..", "shared", "vectors");
                return Directory.Exists(beside) ? System.IO.Path.GetFullPath(beside) : null;
            }
        }

        return null;
    }
}

/// <summary>A theory over recorded sessions; skipped, with the reason, where there are none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RecordedTheoryAttribute : TheoryAttribute
{
    public RecordedTheoryAttribute()
    {
        if (RecordedFolder.Path is null)
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
        if (RecordedFolder.Path is null)
        {
            Skip = RecordedFolder.WhyMissing;
        }
    }
}
