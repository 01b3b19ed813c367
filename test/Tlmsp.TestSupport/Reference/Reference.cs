using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.TestSupport;

/// <summary>
/// The tools of the ETSI reference stack, run as processes. TLMSP_REFERENCE names the folder they are installed in: its <c>bin</c> holds
/// tlmsp-client, tlmsp-server, tlmsp-mb and curl.
/// </summary>
internal static class Reference
{
    public const string WhyMissing = "skipped: set TLMSP_REFERENCE to the folder that the reference tools are installed in";

    private static readonly Lazy<string> s_files = new(MakeFolder);
    private static readonly Lazy<string> s_p256Only = new(WriteOpenSslConfiguration);
    private static readonly Lazy<string> s_curlVersion = new(ReadCurlVersion);

    public static string? Folder { get; } =
        Environment.GetEnvironmentVariable("TLMSP_REFERENCE") is { Length: > 0 } path && File.Exists(Path.Combine(path, "bin", "tlmsp-server")) ? path : null;

    /// <summary>What its curl says of itself, and TLMSP_REFERENCE_VERSION, which may tell more.</summary>
    public static string Version =>
        string.Join(", ", new[] { s_curlVersion.Value, Environment.GetEnvironmentVariable("TLMSP_REFERENCE_VERSION") }
        .Where(version => !string.IsNullOrEmpty(version)));

    /// <summary>The root that all parties' certificates chain to.</summary>
    public static string RootFile => Path.Combine(s_files.Value, "root.pem");

    public static string CertificateFile(string party, TestKey key) => Path.Combine(s_files.Value, $"{party}-{key}-certificate.pem");

    public static string KeyFile(string party, TestKey key) => Path.Combine(s_files.Value, $"{party}-{key}-key.pem");

    /// <summary>Writes a file that a tool is to read; it goes away with the test process.</summary>
    public static string WriteFile(string name, string content)
    {
        string path = Path.Combine(s_files.Value, $"{Guid.NewGuid():N}-{name}");
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    public static Task<PeerProcess> ServerAsync(string configuration) => ListeningAsync("tlmsp-server", "-c", configuration);

    /// <summary>Starts one middlebox of a configuration and waits until it listens.</summary>
    public static Task<PeerProcess> MiddleboxAsync(string configuration, string tag) =>
        ListeningAsync("tlmsp-mb", "-c", configuration, "-t", tag);

    /// <summary>Starts a client, which runs its activities until it is killed.</summary>
    /// <param name="configuration">The configuration file.</param>
    /// <param name="p256">True to offer P-256 alone; the tool's own list begins with X25519.</param>
    public static PeerProcess Client(string configuration, bool p256 = false) =>
        Start("tlmsp-client", p256, ["-c", configuration, "-P", "-vvv", "-e", "-"]);

    /// <summary>Starts curl.</summary>
    /// <param name="tool">curl, or the name of another build of it in the same folder.</param>
    /// <param name="arguments">What to do.</param>
    public static PeerProcess Curl(string tool, params string[] arguments) => Start(tool, p256: false, arguments);

    public static bool Has(string tool) => Folder is not null && File.Exists(Path.Combine(Folder, "bin", tool));

    private static async Task<PeerProcess> ListeningAsync(string tool, params string[] arguments)
    {
        PeerProcess process = Start(tool, p256: false, [.. arguments, "-P", "-vvv", "-e", "-"]);
        await process.WaitForAsync("Listening on");
        return process;
    }

    private static PeerProcess Start(string tool, bool p256, string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Folder!, "bin", tool), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LD_LIBRARY_PATH"] = Path.Combine(Folder!, "lib");
        if (p256)
        {
            start.Environment["OPENSSL_CONF"] = s_p256Only.Value;
        }

        return new PeerProcess(Process.Start(start)!);
    }

    private static string MakeFolder()
    {
        string folder = Directory.CreateTempSubdirectory("tlmsp-reference-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        File.WriteAllText(Path.Combine(folder, "root.pem"), TestCertificates.Root.ExportCertificatePem());
        foreach (string party in (string[])["server", "middlebox"])
        {
            foreach (TestKey key in (TestKey[])[TestKey.Rsa2048, TestKey.EcdsaP256])
            {
                X509Certificate2 leaf = TestCertificates.Leaf("localhost", key);
                using AsymmetricAlgorithm pair = key == TestKey.Rsa2048 ? leaf.GetRSAPrivateKey()! : leaf.GetECDsaPrivateKey()!;
                File.WriteAllText(Path.Combine(folder, $"{party}-{key}-certificate.pem"), leaf.ExportCertificatePem());
                File.WriteAllText(Path.Combine(folder, $"{party}-{key}-key.pem"), pair.ExportPkcs8PrivateKeyPem());
            }
        }

        return folder;
    }

    private static string ReadCurlVersion()
    {
        if (!Has("curl"))
        {
            return "";
        }

        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Folder!, "bin", "curl"), "-V") { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd().Split('\n')[0].Trim();
    }

    private static string WriteOpenSslConfiguration() => WriteFile("openssl.cnf", """
        openssl_conf = start
        [start]
        ssl_conf = modules
        [modules]
        system_default = defaults
        [defaults]
        Groups = P-256
        """ + "\n");
}
