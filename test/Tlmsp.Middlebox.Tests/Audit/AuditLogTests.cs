using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Audit;

/// <summary>The audit of a middlebox: a line for everything that passed, and nothing in it that is not to be.</summary>
public sealed class AuditLogTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tlmsp-audit-");

    private string File => Path.Combine(_folder.FullName, "waf.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("two", "1=r,2=r", "1.1")]
    [InlineData("two", "1=r,2=r", "2.0")]
    [InlineData("four", "3=r,4=r,5=r,6=r", "1.1")]
    public async Task A_line_per_message_and_for_both_ends_of_a_path(string profile, string grant, string version)
    {
        await using (AuditedPath path = await StartAsync(profile, grant, version))
        {
            using HttpResponseMessage response = await path.Client.PostAsync("/whole?token=planted-in-query", new StringContent("planted-in-content"));
            Assert.Equal("planted-in-content", await response.Content.ReadAsStringAsync());
        }

        JsonElement[] lines = Lines();
        Assert.Equal(["path-opened", "message", "message", "path-closed"], lines.Select(line => line.GetProperty("event").GetString()));
        (JsonElement request, JsonElement answer) = (lines[1], lines[2]);
        Assert.Equal(("POST", "/whole"), (Head(request, "method").GetString(), Head(request, "target").GetString()));
        Assert.Equal(200, Head(answer, "status").GetInt32());
        Assert.Equal(18, request.GetProperty("contentPart").GetProperty("bytes").GetInt64());
        Assert.Equal(("Forward", true), (answer.GetProperty("verdict").GetString(), answer.GetProperty("complete").GetBoolean()));
        Assert.Single(lines.Select(line => line.GetProperty("session").GetString()).Distinct());
        Assert.Equal(lines[0].GetProperty("self").GetString(), lines[0].GetProperty("path")[0].GetString());
        Assert.All(Directory.GetFiles(_folder.FullName), file => Assert.DoesNotContain("planted", System.IO.File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_sealed_is_said_to_be_with_its_size_and_what_was_asked_for_is_there()
    {
        await using (AuditedPath path = await StartAsync("four", "4=r,6=r", "1.1"))
        {
            using HttpResponseMessage response = await path.Client.PostAsync("/whole", new StringContent("content"));
        }

        await using (AuditedPath path = await StartAsync("four", "3=r,5=r", "1.1", audit =>
        {
            audit.Fields.Add("Content-Type");
            audit.Targets = AuditTargets.Full;
        }))
        {
            using HttpResponseMessage response = await path.Client.PostAsync("/whole?a=b", new StringContent("content"));
        }

        JsonElement[] lines = [.. Lines().Where(line => line.GetProperty("event").GetString() == "message" && line.GetProperty("direction").GetString() == "request")];
        Assert.Equal("sealed", lines[0].GetProperty("head").GetString());
        Assert.True(lines[0].GetProperty("headPart").GetProperty("bytes").GetInt64() > 50);
        Assert.Equal("/whole?a=b", Head(lines[1], "target").GetString());
        Assert.Equal("text/plain; charset=utf-8", Head(lines[1], "fields").GetProperty("Content-Type").GetString());
        Assert.Equal((true, 7L), (lines[1].GetProperty("contentPart").GetProperty("sealed").GetBoolean(), lines[1].GetProperty("contentPart").GetProperty("bytes").GetInt64()));
        Assert.Equal("none", lines[1].GetProperty("grants").GetProperty("req-body").GetString());
    }

    [Fact]
    public async Task A_message_that_had_arrived_to_its_end_is_recorded_when_an_inspector_closes_at_its_head()
    {
        var inspector = new DelegateInspector { Head = _ => InspectionVerdict.Close("rule 7") };
        await using (AuditedPath path = await AuditedPath.StartAsync("four", "3=r,4=r,5=r,6=r", "1.1", inspector, audit => audit.File = File))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetAsync("/hello/1/2"));
        }

        JsonElement[] messages = [.. Lines().Where(line => line.GetProperty("event").GetString() == "message")];
        Assert.NotEmpty(messages);      // HttpClient may try again
        Assert.All(messages, line => Assert.Equal(
            ("/hello/1/2", "Close", nameof(DelegateInspector), "rule 7", false),
            (Head(line, "target").GetString(), line.GetProperty("verdict").GetString(), line.GetProperty("inspector").GetString(),
                line.GetProperty("reason").GetString(), line.GetProperty("complete").GetBoolean())));
    }

    [Fact]
    public async Task No_line_is_lost_under_load_while_files_are_rotated()
    {
        const int clients = 20;
        const int each = 50;
        await using (AuditedPath path = await StartAsync("two", "1=r", "1.1", audit => audit.MaxFileBytes = 20_000))
        {
            await Task.WhenAll(Enumerable.Range(0, clients).Select(async i =>
            {
                for (int j = 0; j < each; j++)
                {
                    Assert.Equal("hello", await path.Client.GetStringAsync($"/hello/{i}/{j}"));
                }
            }));
        }

        JsonElement[] lines = Lines();
        string[] targets = [.. lines.Where(line => line.GetProperty("event").GetString() == "message" && line.GetProperty("direction").GetString() == "request")
            .Select(line => Head(line, "target").GetString()!)];
        Assert.Equal(
            Enumerable.Range(0, clients).SelectMany(i => Enumerable.Range(0, each).Select(j => $"/hello/{i}/{j}")).Order(), targets.Order());
        Assert.Equal(clients * each, lines.Count(line => line.GetProperty("event").GetString() == "message" && line.GetProperty("direction").GetString() == "response"));
        Assert.True(Directory.GetFiles(_folder.FullName).Length > 10);
        Assert.All(Directory.GetFiles(_folder.FullName), file => Assert.InRange(new FileInfo(file).Length, 1, 20_000 + 20 * 2_000));
    }

    [Fact]
    public async Task The_documentation_shows_a_line_as_it_is_written()
    {
        await using (AuditedPath path = await StartAsync("four", "3=r,5=r", "1.1"))
        {
            using HttpResponseMessage response = await path.Client.PostAsync("/whole", new StringContent("content"));
        }

        string shown = System.IO.File.ReadLines(Path.Combine(Repository.Root!, "docs", "middlebox-audit.md")).Single(line => line.StartsWith("{\"time\"", StringComparison.Ordinal));
        JsonElement written = Lines().First(line => line.GetProperty("event").GetString() == "message");
        Assert.Equal(Keys(written), Keys(JsonDocument.Parse(shown).RootElement));

        static IEnumerable<string> Keys(JsonElement element) => element.EnumerateObject().SelectMany(property =>
            property.Value.ValueKind == JsonValueKind.Object
                ? Keys(property.Value).Select(key => $"{property.Name}.{key}")
                : [$"{property.Name}: {property.Value.ValueKind switch { JsonValueKind.False => JsonValueKind.True, var kind => kind }}"]);
    }

    [Fact]
    public async Task Old_files_go()
    {
        await using (AuditedPath path = await StartAsync("two", "1=r", "1.1", audit =>
        {
            audit.MaxFileBytes = 4096;
            audit.MaxFiles = 2;
        }))
        {
            for (int i = 0; i < 60; i++)
            {
                await path.Client.GetStringAsync("/hello/0/0");
            }
        }

        Assert.Equal(3, Directory.GetFiles(_folder.FullName).Length);
    }

    [Fact]
    public async Task A_message_that_is_kept_back_and_its_reason_are_recorded()
    {
        await using (AuditedPath path = await StartAsync("two", "1=r", "1.1", inspector: new DelegateInspector
        {
            Head = message => message.Head!.Target == "/blocked" ? InspectionVerdict.Close("rule 7") : default,
        }))
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetAsync("/blocked"));
        }

        JsonElement line = Assert.Single(Lines(), line => line.GetProperty("event").GetString() == "message");
        Assert.Equal(
            ("Close", "DelegateInspector", "rule 7", false),
            (line.GetProperty("verdict").GetString(), line.GetProperty("inspector").GetString(), line.GetProperty("reason").GetString(),
                line.GetProperty("complete").GetBoolean()));
    }

    [Fact]
    public async Task When_the_audit_cannot_be_written_nothing_passes_and_the_host_stops()
    {
        await using AuditedPath path = await StartAsync("two", "1=r", "1.1", audit => audit.MaxFileBytes = 4096);
        Assert.Equal("hello", await path.Client.GetStringAsync("/hello/0/0"));

        // The next rotation finds no directory to write to.
        _folder.Delete(recursive: true);
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                await path.Client.GetStringAsync("/hello/0/0");
            }
        });

        Assert.IsType<HttpRequestException>(failure);
        await path.Middlebox.Logs.WaitForLineAsync("The audit cannot be written to");
        var lifetime = path.Middlebox.Services.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>();
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStopping.Register(stopping.SetResult))
        {
            await stopping.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        _folder.Create();
    }

    [Theory]
    [InlineData(null, "File is not set")]
    [InlineData("/no/such/directory/waf.jsonl", "does not exist. Create it")]
    public async Task An_audit_that_cannot_be_written_is_found_at_start_up(string? file, string message)
    {
        await using TestServer server = await TestServer.StartAsync();

        OptionsValidationException invalid = await Assert.ThrowsAsync<OptionsValidationException>(() => TestMiddlebox.StartAsync(
            server.Address, services: services => new AuditedPath.Builder(services).AddAuditLog(audit => audit.File = file)));

        Assert.Contains(message, invalid.Message, StringComparison.Ordinal);
    }

    private static JsonElement Head(JsonElement line, string name) => line.GetProperty("head").GetProperty(name);

    private Task<AuditedPath> StartAsync(
        string profile, string grant, string version, Action<AuditLogOptions>? configure = null, ITlmspInspector? inspector = null) =>
        AuditedPath.StartAsync(profile, grant, version, inspector, audit =>
        {
            audit.File = File;
            configure?.Invoke(audit);
        });

    /// <summary>The lines of all files, oldest first.</summary>
    private JsonElement[] Lines() =>
    [
        .. Directory.GetFiles(_folder.FullName).Where(file => file != File).OrderBy(Rotation).Append(File).SelectMany(System.IO.File.ReadAllLines)
            .Select(line => JsonDocument.Parse(line).RootElement),
    ];

    private static int Rotation(string file) =>
        int.Parse(Path.GetFileNameWithoutExtension(file).Split('-')[^1], System.Globalization.CultureInfo.InvariantCulture);
}
