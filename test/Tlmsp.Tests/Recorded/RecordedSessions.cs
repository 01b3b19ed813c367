using Tlmsp.Tests.Recorded;
using Xunit.Abstractions;

namespace Tlmsp.Tests;

/// <summary>Sessions of the reference stack, recorded with their premaster secrets, replayed through the product's own code.</summary>
/// <remarks>A file that cannot even be read fails in the tests of its own name, and no other.</remarks>
public class RecordedSessions(ITestOutputHelper output)
{
    private const string None = "none";
    private static readonly RecordedFolder s_folder = RecordedFolder.OfReference;

    public static TheoryData<string> Covered => Files(file => WhyNotCovered(file) is null);

    /// <summary>Those of the covered files in which a handshake came to its protected part.</summary>
    public static TheoryData<string> WithRecords => Files(file => WhyNotCovered(file) is null && HasProtectedRecords(file));

    public static TheoryData<string> NotCovered => Files(file => WhyNotCovered(file) is not null);

    [RecordedFact]
    public void There_are_sessions_in_the_folder() => Assert.NotEmpty(s_folder.Files);

    [RecordedTheory]
    [MemberData(nameof(Covered))]
    public void Keys_and_finished_values_are_those_of_the_recording(string file) => Run(file, RecordedReplay.CheckHandshakes);

    [RecordedTheory]
    [MemberData(nameof(WithRecords))]
    public void Every_record_opens_for_every_entity_and_seals_to_the_same_bytes(string file) => Run(file, RecordedReplay.CheckRecords);

    [RecordedTheory]
    [MemberData(nameof(WithRecords))]
    public void Flipping_a_byte_of_a_protected_record_is_detected(string file) => Run(file, RecordedReplay.CheckFlips);

    /// <summary>Lists the sessions that are not replayed; each stays here only as long as the product refuses what it needs.</summary>
    [RecordedTheory]
    [MemberData(nameof(NotCovered))]
    public void Sessions_that_are_not_covered_are_listed(string file) => Run(file, recorded =>
    {
        RecordedReplay.CheckRefused(recorded);
        return $"not covered, {RecordedReplay.WhyNotCovered(recorded)}";
    });

    private void Run(string file, Func<RecordedSessionFile, string> check)
    {
        // No file of this kind is in the folder.
        if (file != None)
        {
            output.WriteLine($"{file}: {check(s_folder.Load(file))}");
        }
    }

    private static TheoryData<string> Files(Func<string, bool> filter) => [.. s_folder.Files.Where(filter).DefaultIfEmpty(None)];

    /// <summary>Also null for a file that cannot be read: its tests have to fail, not its discovery.</summary>
    private static string? WhyNotCovered(string file) => Try(file, RecordedReplay.WhyNotCovered);

    private static bool HasProtectedRecords(string file) => Try(file, RecordedReplay.HasProtectedRecords);

    private static T? Try<T>(string file, Func<RecordedSessionFile, T> read)
    {
        try
        {
            return read(s_folder.Load(file));
        }
        catch (Exception)
        {
            return default;
        }
    }
}
