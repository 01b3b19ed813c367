using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using Tlmsp.Client;
using Tlmsp.Http;

namespace Tlmsp.Benchmarks;

/// <summary>
/// What an idle keep-alive connection costs the server's process. The clients live in another process; the difference in resident memory
/// before and after counts native memory, such as that of OpenSSL, as well.
/// </summary>
internal static class IdleMemory
{
    private const int Connections = 1000;

    public static async Task RunAsync(Report report)
    {
        await using LoopbackPath path = await LoopbackPath.StartAsync();
        // Once round for everything that is made only once.
        await MeasureAsync(path.Http);
        await MeasureAsync(path.Https);
        await MeasureAsync(path.Tlmsp);
        await MeasureAsync(path.TlmspThroughMiddlebox);

        double http = await MeasureAsync(path.Http);
        double https = await MeasureAsync(path.Https);
        double tlmsp = await MeasureAsync(path.Tlmsp);
        double both = await MeasureAsync(path.TlmspThroughMiddlebox);
        report.Add("idle connection at the server", "plain HTTP", http / 1024, "KB");
        report.Add("idle connection at the server", "HTTPS", https / 1024, "KB", null, http / 1024);
        report.Add("idle connection at the server", "TLMSP", tlmsp / 1024, "KB", (http / 1024) + 8, https / 1024);
        // It holds two connections of Kestrel's transport.
        report.Add("idle path at a middlebox", "TLMSP", (both - tlmsp) / 1024, "KB", null, 2 * http / 1024);
    }

    /// <summary>The other process: opens connections, says so, and holds them until its input ends.</summary>
    public static async Task HoldAsync(Uri url)
    {
        // #tlmsp, or the address of a middlebox, which has that scheme.
        bool overTlmsp = url.Fragment.StartsWith("#tlmsp", StringComparison.Ordinal);
        var clients = new List<HttpClient>();
        for (int i = 0; i < Connections; i++)
        {
            // What is measured is the server; its certificate comes from the other process and is of no interest here.
            HttpMessageHandler handler = overTlmsp
                ? new TlmspHandler(tlmsp =>
                {
                    tlmsp.Trust.ValidationCallback = _ => true;
                    if (url.Fragment.Contains("://", StringComparison.Ordinal))
                    {
                        tlmsp.Middleboxes.Add(url.Fragment[1..], Grant.Read(HttpContexts.Headers, HttpContexts.Body));
                    }
                })
                : new SocketsHttpHandler
                {
                    SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
                    UseProxy = false,
                };
            var client = new HttpClient(handler);
            await client.GetStringAsync(url);
            clients.Add(client);
        }

        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        clients.ForEach(client => client.Dispose());
    }

    private static async Task<double> MeasureAsync(Uri address)
    {
        long before = Resident();
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("hold");
        start.ArgumentList.Add(new Uri(address, "/order" + address.Fragment).ToString());
        using Process holder = Process.Start(start)!;
        if (await holder.StandardOutput.ReadLineAsync() != "ready")
        {
            throw new InvalidOperationException("The clients could not connect.");
        }

        // Idle means idle for a while: what is kept for connections in use is given back then.
        await Task.Delay(TimeSpan.FromSeconds(25));
        long after = Resident();
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        return (after - before) / (double)Connections;
    }

    private static long Resident()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return OperatingSystem.IsLinux()
            ? long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize
            : Process.GetCurrentProcess().WorkingSet64;
    }
}
