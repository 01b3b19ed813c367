using Tlmsp.Benchmarks;

// One command, one table:  dotnet run -c Release --project test/Tlmsp.Benchmarks [-- memory|http|inspect|setup|idle] [--seconds N]
if (args is ["hold", var url])
{
    await IdleMemory.HoldAsync(new Uri(url));
    return 0;
}

int option = Array.IndexOf(args, "--seconds");
var time = TimeSpan.FromSeconds(option >= 0 ? double.Parse(args[option + 1], System.Globalization.CultureInfo.InvariantCulture) : 3);
bool all = !args.Intersect(["memory", "http", "inspect", "setup", "idle"]).Any();
var report = new Report();
if (all || args.Contains("memory"))
{
    InMemoryHandshakes.Run(report, time);
    InMemoryBulk.Run(report, time);
    await InspectedRelay.RunAsync(report, time);
}

if (all || args.Contains("http"))
{
    await LoopbackHttp.RunAsync(report, time);
}

if (all || args.Contains("inspect"))
{
    await InspectedHttp.RunAsync(report, time);
}

if (all || args.Contains("setup"))
{
    await LoopbackSetUp.RunAsync(report, time);
}

if (all || args.Contains("idle"))
{
    await IdleMemory.RunAsync(report);
}

report.Print();
return 0;
