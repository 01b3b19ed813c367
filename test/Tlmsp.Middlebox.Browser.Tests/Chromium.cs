using Microsoft.Playwright;

namespace Tlmsp.Middlebox.Browser.Tests;

/// <summary>The Chromium of this machine, started once for all tests. No browser is ever downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    public const string WhyMissing = "There is no chromium on PATH: apt-get install -y chromium.";
    private IPlaywright? _playwright;

    /// <summary>Null where there is none.</summary>
    public static string? Executable { get; } = Find();

    public IBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Executable is not null)
        {
            _playwright = await Playwright.CreateAsync();
            Assertions.SetDefaultExpectTimeout(30_000);     // machines that are busy
            Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable });
        }
    }

    public async Task DisposeAsync()
    {
        if (_playwright is not null)
        {
            await Browser.CloseAsync();
            _playwright.Dispose();
        }
    }

    private static string? Find()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string[] names = ["chromium", "chromium-browser", "google-chrome", "chromium.exe"];
        return folders.SelectMany(folder => names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }
}

/// <summary>One browser, and with it one test at a time.</summary>
[CollectionDefinition(Name)]
public sealed class ChromiumTests : ICollectionFixture<Chromium>
{
    public const string Name = "Chromium";
}

/// <summary>A test in Chromium; skipped, with the reason, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (Chromium.Executable is null)
        {
            Skip = Chromium.WhyMissing;
        }
    }
}
