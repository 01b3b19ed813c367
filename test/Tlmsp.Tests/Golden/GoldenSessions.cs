using System.Text;
using Tlmsp.Tests.Golden;
using Tlmsp.Tests.Recorded;
using Xunit.Abstractions;

namespace Tlmsp.Tests;

/// <summary>Sessions of our own, kept as files: they come out the same byte for byte, and pass what the reference's pass.</summary>
public class GoldenSessions(ITestOutputHelper output)
{
    private const string Rewrite = "TLMSP_REWRITE_GOLDEN";
    private static readonly RecordedFolder s_folder = new(GoldenFolder.Path);

    public static TheoryData<string> All => [.. GoldenSession.All.Select(session => session.Name)];

    public static TheoryData<string> OnX25519 => Of(KeyExchangeGroup.X25519);

    public static TheoryData<string> OnP256 => Of(KeyExchangeGroup.P256);

    [Fact]
    public void Every_file_belongs_to_a_session() =>
        Assert.Equal(GoldenSession.All.Select(session => $"{session.Name}.json").Order(StringComparer.Ordinal), s_folder.Files);

    [X25519Theory]
    [MemberData(nameof(OnX25519))]
    public void A_session_comes_out_the_same_byte_for_byte(string name) => Check(name);

    [Theory]
    [MemberData(nameof(OnP256))]
    public void A_session_comes_out_the_same_byte_for_byte_where_there_is_no_X25519(string name) => Check(name);

    [Fact]
    public void Another_seed_gives_another_session()
    {
        GoldenSession session = Session("a_0mbox_p256");
        Assert.NotEqual(GoldenRecorder.Record(session), GoldenRecorder.Record(session with { Seed = "another" }));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Keys_and_finished_values_follow_from_the_premaster_secrets(string name) => Replay(name, RecordedReplay.CheckHandshakes);

    [Theory]
    [MemberData(nameof(All))]
    public void Every_record_opens_for_every_entity_and_seals_to_the_same_bytes(string name) => Replay(name, RecordedReplay.CheckRecords);

    [Theory]
    [MemberData(nameof(All))]
    public void Flipping_a_byte_of_a_protected_record_is_detected(string name) => Replay(name, RecordedReplay.CheckFlips);

    private static TheoryData<string> Of(KeyExchangeGroup group) =>
        [.. GoldenSession.All.Where(session => session.Group == group).Select(session => session.Name)];

    private static GoldenSession Session(string name) => GoldenSession.All.Single(session => session.Name == name);

    private static void Check(string name)
    {
        GoldenSession session = Session(name);
        string recorded = GoldenRecorder.Record(session);
        if (Environment.GetEnvironmentVariable(Rewrite) is { Length: > 0 })
        {
            File.WriteAllText(GoldenFolder.SessionFile(session), recorded, new UTF8Encoding(false));
            Assert.Fail($"{name}.json was written anew, because {Rewrite} is set. Look at the difference, and run again without it.");
        }

        Assert.Equal(File.ReadAllText(GoldenFolder.SessionFile(session)), recorded);
    }

    private void Replay(string name, Func<RecordedSessionFile, string> check) =>
        output.WriteLine($"{name}: {check(s_folder.Load($"{name}.json"))}");

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class X25519TheoryAttribute : TheoryAttribute
    {
        public X25519TheoryAttribute() =>
            Skip = KeyExchangeGroup.X25519.IsSupported ? null : "skipped: no X25519 here; sessions with P-256 are checked";
    }
}
