using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>
/// What the tests against the reference's tools found, as docs/interop.md has it: TLMSP_REFERENCE_TABLE names the file to write. It is
/// written anew after each test, so that a run that was cut short shows what it got to.
/// </summary>
internal static class InteropTable
{
    public const string Contexts = "Contexts";
    public const string Curl = "The reference's curl and Kestrel";
    public const string Http = "HttpClient";
    public const string Refusals = "Refusals";
    public const string ClientCertificates = "Client certificates";
    public const string TheirFailures = "What the reference cannot do";

    private const string Yes = "yes";
    private const string Failed = "FAILED";
    private static readonly string? s_file = Environment.GetEnvironmentVariable("TLMSP_REFERENCE_TABLE") is { Length: > 0 } file ? file : null;
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<string, Table> s_tables = new()
    {
        [Contexts] = new("""
            Fourteen contexts on one connection: one for each thing that a middlebox can be granted and do, without audit and with it. Checked
            are what arrives at both ends and who made it, what every middlebox sees, and what was agreed. Each row stands for RSA certificates
            with X25519 and ECDSA certificates with P-256. The first middlebox works on what goes to the server, the last one on what goes to
            the client. "Ends": a fatal alert with its code and context, close_notify, from either side, and a warning that ends nothing.
            "Discovery": the server inserts one of the middleboxes, in every place; the others are the client's own. "Writes": our endpoints take
            one write per flight and per message.
            """),
        [Curl] = new("""
            `UseTlmsp()` in the strict mapping, and with `Mapping = HttpMappingMode.EtsiCurl`; middleboxes read everything, ours inspect. The
            build of ETSI (`curl-upstream`) sends content in its context only when it goes out together with the head, and then not the first
            chunk size; the build with the later patch (`curl`) sends it in the head's context. The strict mapping refuses that with alert 47.
            """),
        [Http] = new("""
            `TlmspHandler` against the reference's server and through its middleboxes to Kestrel. "Any grants": nothing, heads, content, and
            both with write access; 50 000 bytes each way.
            """),
        [Refusals] = new("Who refuses what, and with which alert the other side hears of it."),
        [ClientCertificates] = new("Our server asks for one."),
        [TheirFailures] = new("Asserted as failing, so that nobody looks for the fault here."),
    };

    /// <summary>Runs a test and notes its outcome.</summary>
    /// <param name="table">One of the tables above.</param>
    /// <param name="row">The path, or what else was tried.</param>
    /// <param name="columns">What was tried on it.</param>
    /// <param name="test">The test.</param>
    /// <param name="outcome">What it means when the test passes.</param>
    public static async Task RecordAsync(string table, string row, string[] columns, Func<Task> test, string outcome = Yes)
    {
        string result = Failed;
        try
        {
            await test();
            result = outcome;
        }
        finally
        {
            Note(table, row, columns, result);
        }
    }

    private static void Note(string name, string row, string[] columns, string result)
    {
        lock (s_lock)
        {
            Table table = s_tables[name];
            table.Columns.AddRange(columns.Except(table.Columns));
            foreach (string column in columns)
            {
                string before = table.Cells.GetValueOrDefault((row, column), result);
                table.Cells[(row, column)] = before == result ? result : Failed;
                table.Rows.Add(row);
            }

            if (s_file is not null)
            {
                File.WriteAllText(s_file, Write());
            }
        }
    }

    private static string Write()
    {
        var text = new StringBuilder("# Interoperability with the ETSI reference stack\n\n");
        text.Append(CultureInfo.InvariantCulture, $"""
            Printed by the tests in `test/Tlmsp.Interop.Tests/Reference`, which run live against the reference's tools:

            ```
            TLMSP_REFERENCE=<install folder> TLMSP_REFERENCE_TABLE=docs/interop.md dotnet test --filter Interop
            ```

            The folder's `bin` holds tlmsp-client, tlmsp-server, tlmsp-mb, curl and curl-upstream. Without it these tests are skipped.

            | | |
            |---|---|
            | ours | {OurVersion()} |
            | the reference | {Reference.Version} |

            A cell says `yes` when all its tests passed, {Failed} when one did not, what else happened where that is what should, and nothing
            where nothing was tried. `ours > reference > ours` is our client, a middlebox of the reference, and our server.

            """);
        foreach ((string name, Table table) in s_tables.Where(table => table.Value.Rows.Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {name}\n\n{table.Description}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", table.Columns)} |\n|---|{string.Concat(table.Columns.Select(_ => "---|"))}\n");
            foreach (string row in table.Rows.OrderBy(row => row.Count(c => c == '>')).ThenBy(row => row, StringComparer.Ordinal))
            {
                IEnumerable<string> cells = table.Columns.Select(column => table.Cells.GetValueOrDefault((row, column), ""));
                text.Append(CultureInfo.InvariantCulture, $"| {row} | {string.Join(" | ", cells)} |\n");
            }
        }

        return text.ToString();
    }

    private static string OurVersion()
    {
        string version = typeof(TlmspClientHandshake).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return $"TlmspAspNet {version.Split('+')[0]}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";
    }

    private sealed record Table(string Description)
    {
        public List<string> Columns { get; } = [];

        public HashSet<string> Rows { get; } = [];

        public Dictionary<(string Row, string Column), string> Cells { get; } = [];
    }
}
