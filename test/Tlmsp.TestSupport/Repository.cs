namespace Tlmsp.TestSupport;

/// <summary>The sources of this project.</summary>
public static class Repository
{
    /// <summary>The folder of the solution; null when the tests run elsewhere.</summary>
    public static string? Root { get; } = Find();

    private static string? Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TlmspAspNet.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}
