using System.Text.RegularExpressions;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>Everything hostile that the peer can do has a row: every switch that its help lists, and every message of a role.</summary>
public partial class HostileSwitchesTests
{
    /// <summary>What each role sends when our parties are at the other end, by the names in the peer's help.</summary>
    private static readonly Dictionary<string, string> s_messages = new()
    {
        ["server"] = "sh cert ske creq shd km1 kmp ccs fin mf1",
        ["client"] = "ch cert cke cv km1 kmp ccs fin mf1",
        ["middlebox"] = "ch sh cert ske creq shd cke cv ccs fin mh mc mke mhd kc mf mh-other mc-other mke-other mhd-other km-other kc-other mf-other",
    };

    /// <summary>Records up to the first content over the shortest path; see the remarks of the record tests.</summary>
    private static readonly Dictionary<string, int> s_lastRecord = new() { ["server"] = 8, ["client"] = 6, ["middlebox"] = 14 };

    private static string[] Attacks(string role) => role switch
    {
        "server" =>
        [
            .. Switches(HostileServerMessageTests.Table), .. Switches(HostileServerRecordTests.Table), .. Switches(HostileServerKeyTests.Table),
            .. Switches(HostileServerDataTests.Table),
        ],
        "client" =>
        [
            .. Switches(HostileClientMessageTests.Table), .. Switches(SilentClientTests.Table), .. Switches(HostileClientRecordTests.Table),
            .. Switches(HostileClientKeyTests.Table), .. Switches(HostileClientDataTests.Table), .. Switches(HostileClientCertificateTests.Table),
        ],
        _ =>
        [
            .. new[]
            {
                HostileMiddleboxMessageTests.Table, HostileMiddleboxFinishedTests.Table, HostileMiddleboxRecordTests.Table,
                HostileMiddleboxKeyTests.Table, HostileMiddleboxDataTests.Table, HostileMiddleboxCertificateTests.Table,
            }.SelectMany(table => table.Rows.Select(row => row.Switches)),
        ],
    };

    [PeerTheory]
    [InlineData("server")]
    [InlineData("client")]
    [InlineData("middlebox")]
    public async Task Every_hostile_switch_has_a_row(string role)
    {
        string help = await Peer.HelpAsync(role);
        string hostile = help[help.IndexOf("hostile:", StringComparison.Ordinal)..];
        string[] switches = [.. Option().Matches(hostile).Select(match => match.Groups[1].Value).Where(option => !IsHarmless(option, hostile))];
        Assert.Contains("--corrupt", switches);

        string[] attacks = Attacks(role);
        Assert.DoesNotContain(switches, option => !attacks.Any(attack => attack.Split(' ').Contains(option)));
    }

    [Theory]
    [InlineData("server")]
    [InlineData("client")]
    [InlineData("middlebox")]
    public void Every_message_is_left_out_repeated_and_split_and_every_record_is_damaged(string role)
    {
        string[] attacks = Attacks(role);
        var missing = new List<string>();
        foreach (string message in s_messages[role].Split(' '))
        {
            // ChangeCipherSpec is one byte, which cannot be split.
            foreach (string option in message == "ccs" ? (string[])["--skip", "--dup"] : ["--skip", "--dup", "--fragment"])
            {
                Require($"{option} {message}( |$)");
            }

            // ClientHello is alone in its flight: nothing of the same sender can come before it.
            if (message != "ch" && !message.Contains('-', StringComparison.Ordinal))
            {
                Require($"--swap (\\S+,{message}|{message},\\S+)( |$)");
            }
        }

        for (int record = 0; record <= s_lastRecord[role]; record++)
        {
            Require($"--corrupt {record}:");
            Require($"--cut {record}:");
            Require($"--stop-after {record}( |$)");
            Require(record == 0 ? "--wrong-sid( |$)" : $"--wrong-sid {record}( |$)");
            Require($"--no-sid {record}( |$)");
        }

        Assert.Empty(missing);

        void Require(string pattern)
        {
            if (!attacks.Any(attack => Regex.IsMatch(attack, pattern)))
            {
                missing.Add(pattern);
            }
        }
    }

    private static IEnumerable<string> Switches(RowTable<EndpointRow> table) => table.Rows.Select(row => row.Switches);

    private static bool IsHarmless(string option, string help) =>
        Regex.IsMatch(help, $@"^ +{option}\b[^\n]*\s+\(not hostile\)", RegexOptions.Multiline);

    [GeneratedRegex(@"^ +(--[a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Option();
}
