using System.Text.Json.Nodes;

namespace InspectingProxy.Demo;

/// <summary>The settings of a box, as they stand in its file.</summary>
/// <param name="Name">The box.</param>
/// <param name="Path">The file.</param>
/// <param name="Address">What clients list it under.</param>
/// <param name="Health">Where it says whether it is ready.</param>
/// <param name="Settings">What the file holds.</param>
internal sealed record BoxFile(string Name, string Path, string Address, string Health, JsonObject Settings)
{
    public string AuditFile => (string)Settings["AuditFile"]!;

    /// <param name="folder">Where its files are.</param>
    /// <param name="name">The box.</param>
    /// <param name="ports">Its own port, and that of its health.</param>
    /// <param name="nextHop">Where it may connect to.</param>
    /// <param name="demand">What it has to be granted.</param>
    /// <param name="refuse">What it does not want to be granted.</param>
    /// <param name="inspector">Name of its inspector's section.</param>
    /// <param name="options">The section.</param>
    public static BoxFile Create(
        string folder, string name, (int Own, int Health) ports, string nextHop, string demand, string refuse,
        string inspector, JsonObject options)
    {
        string address = $"localhost:{ports.Own}";
        string health = $"http://127.0.0.1:{ports.Health}";
        return new BoxFile(name, System.IO.Path.Combine(folder, $"{name}.json"), address, health, new JsonObject
        {
            ["Middlebox"] = new JsonObject
            {
                ["Address"] = address,
                ["ListenEndPoint"] = $"127.0.0.1:{ports.Own}",
                ["Certificate"] = new JsonObject { ["Path"] = $"{name}.pem", ["KeyPath"] = $"{name}.key" },
                ["TrustedRoots"] = "ca.pem",
                ["NextHops"] = new JsonArray(new JsonObject { ["Address"] = nextHop, ["Demand"] = demand, ["Refuse"] = refuse }),
            },
            [inspector] = options,
            ["Health"] = health,
            ["AuditFile"] = System.IO.Path.Combine(folder, $"{name}.jsonl"),
        });
    }
}
