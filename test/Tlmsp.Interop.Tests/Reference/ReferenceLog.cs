using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tlmsp.Interop.Tests;

/// <summary>A container as a reference tool received it.</summary>
/// <param name="FromClient">At a middlebox: which side it came from.</param>
/// <param name="Context">Its context.</param>
/// <param name="Text">Its content, of which the tools print 320 bytes; null where it was opaque.</param>
/// <param name="Deleted">True for a delete notice.</param>
internal sealed record LoggedContainer(bool FromClient, byte Context, string? Text, bool Deleted);

/// <summary>Reads what a reference tool printed.</summary>
internal static partial class ReferenceLog
{
    /// <summary>Logged when a connection ended with close_notify.</summary>
    public const string Closed = "ssl error 6";

    /// <summary>Logged when a connection just ended.</summary>
    public const string Ended = "ssl error 5";

    private const int MaxPrinted = 320;

    /// <summary>Logged when an alert came in a container.</summary>
    public static string Alert(TlmspAlert alert, byte context) => $"TLMSP context {context} alert number {(byte)alert}\n";

    /// <summary>Logged when an alert came, in a container or not.</summary>
    public static string Alert(TlmspAlert alert) => $"alert number {(byte)alert}\n";

    /// <summary>The containers that the tool received, in order; alerts that a middlebox passed on are not among them.</summary>
    public static List<LoggedContainer> Received(string output)
    {
        var all = new List<LoggedContainer>();
        bool described = true;
        int missing = 0;
        foreach (Match line in Line().Matches(output))
        {
            string what = line.Groups["what"].Value;
            if (ReceivedLine().Match(what) is { Success: true } received)
            {
                byte context = byte.Parse(received.Groups["context"].Value, CultureInfo.InvariantCulture);
                described = received.Groups["deleted"].Success;
                missing = described ? 0 : Math.Min(MaxPrinted, int.Parse(received.Groups["length"].Value, CultureInfo.InvariantCulture));
                all.Add(new LoggedContainer(line.Groups["side"].Value != "server", context, "", described));
            }
            else if (!described && what.StartsWith("Container ", StringComparison.Ordinal))
            {
                described = true;
                Describe(all, what, ref missing);
            }
            else if (missing > 0 && HexLine().Match(what) is { Success: true } dump)
            {
                byte[] bytes = Convert.FromHexString(dump.Groups["hex"].Value.Replace(" ", "", StringComparison.Ordinal));
                missing -= bytes.Length;
                all[^1] = all[^1] with { Text = all[^1].Text + Encoding.Latin1.GetString(bytes) };
            }
            else
            {
                described = true;
                missing = 0;
            }
        }

        return all;
    }

    private static void Describe(List<LoggedContainer> all, string what, ref int missing)
    {
        switch (what)
        {
            case "Container marked deleted":
                all[^1] = all[^1] with { Deleted = true };
                break;
            case "Container is opaque":
                all[^1] = all[^1] with { Text = null };
                break;
            case "Container is an alert":
                all.RemoveAt(all.Count - 1);
                break;
            default:
                return;
        }

        missing = 0;
    }

    [GeneratedRegex(@"^\d+ tlmsp-\w+\[[^\]]*\]: (?:connection \d+|splice \d+ \((?<side>client|server)-side\)): (?<what>.*)$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"^Received (?:container \(length=(?<length>\d+)\)|(?<deleted>deleted container)) in context (?<context>\d+)")]
    private static partial Regex ReceivedLine();

    [GeneratedRegex(@"^(?<hex>(?:[0-9a-f]{2} )+)\s*\|")]
    private static partial Regex HexLine();
}
