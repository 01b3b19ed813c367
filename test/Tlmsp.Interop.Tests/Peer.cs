using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>An independent implementation, run as a process. TLMSP_PEER names the script, TLMSP_PYTHON the interpreter.</summary>
internal static class Peer
{
    private static readonly Lazy<string[]> s_identity = new(WriteIdentity);

    public static string? Script { get; } = Environment.GetEnvironmentVariable("TLMSP_PEER") is { Length: > 0 } path && File.Exists(path) ? path : null;

    public const string WhyMissing = "skipped: set TLMSP_PEER to the independent peer's script";

    /// <summary>Arguments that give the peer a certificate and its key.</summary>
    public static string[] Identity => s_identity.Value;

    private static string Python => Environment.GetEnvironmentVariable("TLMSP_PYTHON") is { Length: > 0 } python ? python : "python3";

    /// <summary>Runs a client to its end.</summary>
    public static async Task<(int ExitCode, string Output)> ClientAsync(params string[] arguments)
    {
        using PeerProcess process = Start(["client", .. arguments]);
        return (await process.WaitForExitAsync(), process.Output);
    }

    /// <summary>The list of a role's switches.</summary>
    public static async Task<string> HelpAsync(string role)
    {
        using PeerProcess process = Start([role, "--help"]);
        await process.WaitForExitAsync();
        return process.Output;
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    public static Task<PeerProcess> ServerAsync(int port, params string[] arguments) =>
        ListeningAsync(["server", "--listen", $"tlmsp://127.0.0.1:{port}", .. arguments]);

    /// <summary>Starts a middlebox under tlmsp://localhost:port.</summary>
    public static Task<PeerProcess> MiddleboxAsync(int port, params string[] arguments) =>
        ListeningAsync(["middlebox", "--address", $"tlmsp://localhost:{port}", "--listen", $"tlmsp://127.0.0.1:{port}", .. arguments]);

    private static async Task<PeerProcess> ListeningAsync(string[] arguments)
    {
        PeerProcess process = Start([.. arguments, .. Identity]);
        await process.WaitForAsync("listen");
        return process;
    }

    private static PeerProcess Start(string[] arguments)
    {
        var start = new ProcessStartInfo(Python) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("-u");
        start.ArgumentList.Add(Script!);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new PeerProcess(Process.Start(start)!);
    }

    private static string[] WriteIdentity()
    {
        string folder = Directory.CreateTempSubdirectory("tlmsp-peer-").FullName;
        X509Certificate2 leaf = TestCertificates.Leaf("localhost");
        string certificate = Path.Combine(folder, "cert.pem");
        string key = Path.Combine(folder, "key.pem");
        File.WriteAllText(certificate, leaf.ExportCertificatePem());
        using ECDsa pair = leaf.GetECDsaPrivateKey()!;
        File.WriteAllText(key, pair.ExportPkcs8PrivateKeyPem());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return ["--cert", certificate, "--key", key];
    }
}

/// <summary>A test that needs the peer; skipped, with the reason, where it is not named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeerFactAttribute : FactAttribute
{
    public PeerFactAttribute()
    {
        if (Peer.Script is null)
        {
            Skip = Peer.WhyMissing;
        }
    }
}

/// <summary>A theory that needs the peer; skipped, with the reason, where it is not named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PeerTheoryAttribute : TheoryAttribute
{
    public PeerTheoryAttribute()
    {
        if (Peer.Script is null)
        {
            Skip = Peer.WhyMissing;
        }
    }
}
