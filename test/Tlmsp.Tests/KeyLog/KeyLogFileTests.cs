using System.Text;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.KeyLog;

public sealed class KeyLogFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tlmsp-keylog-").FullName;

    private string File1 => Path.Combine(_folder, "keys.log");

    [Fact]
    public void A_file_takes_every_handshake_after_a_warning_and_belongs_to_its_owner()
    {
        TlmspClientOptions client = TestPaths.Client(audited: false);
        client.KeyLog = TlmspKeyLog.ToFile(File1);
        for (int i = 0; i < 2; i++)
        {
            using InMemoryPath path = new InMemoryPath(client, TestPaths.Server()).Connect();
        }

        string[] lines = File.ReadAllLines(File1);
        Assert.StartsWith("# TLMSP key log: whoever can read this file", lines[0], StringComparison.Ordinal);
        KeyLogEntry[] entries = [.. lines.Skip(1).Select(Read)];
        Assert.Equal(2, entries.Select(entry => entry.ClientRandom).Distinct().Count());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File1));
        }
    }

    [Fact]
    public async Task Many_logs_to_one_file_do_not_mix_their_lines()
    {
        const int logs = 8;
        const int blocks = 40;
        await Task.WhenAll(Enumerable.Range(0, logs).Select(number => Task.Run(() =>
        {
            TlmspKeyLog log = TlmspKeyLog.ToFile(File1);
            for (int i = 0; i < blocks; i++)
            {
                log.Write(Encoding.ASCII.GetBytes($"{number} {i} first\n{number} {i} second\n"));
            }
        })));

        string[] lines = [.. File.ReadAllLines(File1).Skip(1)];
        Assert.Equal(2 * logs * blocks, lines.Length);
        for (int i = 0; i < lines.Length; i += 2)
        {
            Assert.EndsWith(" first", lines[i], StringComparison.Ordinal);
            Assert.Equal(lines[i].Replace("first", "second", StringComparison.Ordinal), lines[i + 1]);
        }
    }

    [Fact]
    public void A_file_that_others_may_read_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;     // there are no such modes
        }

        File.WriteAllText(File1, "");
        File.SetUnixFileMode(File1, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        ArgumentException e = Assert.Throws<ArgumentException>(() => TlmspKeyLog.ToFile(File1));
        Assert.Contains("chmod 600", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_refused_at_once()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => TlmspKeyLog.ToFile(Path.Combine(_folder, "missing", "keys.log")));
        Assert.Contains("cannot be written", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => TlmspKeyLog.ToFile(_folder));
    }

    [Fact]
    public void A_file_that_goes_away_later_ends_no_connection()
    {
        TlmspClientOptions client = TestPaths.Client(audited: false);
        client.KeyLog = TlmspKeyLog.ToFile(File1);
        File.Delete(File1);
        Directory.CreateDirectory(File1);

        using InMemoryPath path = new InMemoryPath(client, TestPaths.Server()).Connect();

        path.ClientSends(1, "still here"u8);
        Assert.Equal("still here"u8, path.AtServer.Data(1));
    }

    [Fact]
    public void The_environment_alone_switches_nothing_on()
    {
        string? before = Environment.GetEnvironmentVariable(TlmspKeyLog.EnvironmentVariable);
        try
        {
            Environment.SetEnvironmentVariable(TlmspKeyLog.EnvironmentVariable, File1);
            Assert.Null(TestPaths.Client(audited: false).KeyLog);
            TestPaths.Make(audited: false).Connect().Dispose();
            Assert.False(File.Exists(File1));

            Assert.NotNull(TlmspKeyLog.FromEnvironment());
            Assert.True(File.Exists(File1));

            Environment.SetEnvironmentVariable(TlmspKeyLog.EnvironmentVariable, null);
            Assert.Null(TlmspKeyLog.FromEnvironment());
        }
        finally
        {
            Environment.SetEnvironmentVariable(TlmspKeyLog.EnvironmentVariable, before);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static KeyLogEntry Read(string line)
    {
        Assert.True(KeyLogEntry.TryRead(line, out KeyLogEntry? entry));
        return entry!;
    }
}
