using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Golden;

/// <summary>Where the golden sessions are kept: beside this file.</summary>
internal static class GoldenFolder
{
    public static string Path { get; } = System.IO.Path.Combine(
        Repository.Root ?? throw new InvalidOperationException("The golden sessions are read from the sources; run the tests there."),
        "test", "Tlmsp.Tests", "Golden");

    public static string File(string name) => System.IO.Path.Combine(Path, name);

    public static string SessionFile(GoldenSession session) => File($"{session.Name}.json");
}
