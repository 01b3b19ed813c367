using System.Diagnostics;
using System.Net;

namespace InspectingProxy.Demo;

/// <summary>A box in a process of its own, started with a file of settings as a service manager would start it.</summary>
internal sealed class BoxProcess : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly Process _process;

    private BoxProcess(Process process) => _process = process;

    /// <summary>Starts one, and waits until it says that it is ready.</summary>
    public static async Task<BoxProcess> StartAsync(BoxFile file)
    {
        var box = new BoxProcess(Process.Start(
            new ProcessStartInfo("dotnet", [typeof(BoxProcess).Assembly.Location, "box", file.Path])
            {
                Environment = { ["Logging__LogLevel__Tlmsp"] = "Error" },
            })!);
        using var http = new HttpClient();
        using var timeout = new CancellationTokenSource(s_limit);
        while (!await IsReadyAsync(http, file.Health, timeout.Token))
        {
            if (box._process.HasExited)
            {
                throw new InvalidOperationException($"The box {file.Name} ended with {box._process.ExitCode} before it was ready.");
            }

            await Task.Delay(100, timeout.Token);
        }

        return box;
    }

    /// <summary>Stops it with SIGTERM.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        using var timeout = new CancellationTokenSource(s_limit);
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, string health, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync($"{health}/ready", cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
