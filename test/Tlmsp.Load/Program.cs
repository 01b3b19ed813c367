using System.Globalization;
using Tlmsp.Load;

// dotnet run -c Release --project test/Tlmsp.Load [-- restart] [--connections N] [--seconds N]
int Number(string option, int otherwise)
{
    int at = Array.IndexOf(args, option);
    return at >= 0 ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}

var time = TimeSpan.FromSeconds(Number("--seconds", 120));
LoadResult result = args.Contains("restart")
    ? await RestartLoad.RunAsync(Number("--connections", 50), time, Console.WriteLine)
    : await SteadyLoad.RunAsync(Number("--connections", 1000), time, Console.WriteLine);
Console.WriteLine(result);
return result.Problems.Count == 0 ? 0 : 1;
