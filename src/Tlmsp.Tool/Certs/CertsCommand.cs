using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Certs;

/// <summary><c>tlmsp certs</c>: a CA and the certificates of a path, as PEM files.</summary>
internal static class CertsCommand
{
    private const string Examples = """
        Examples:
          tlmsp certs certs
              certs/ca.pem, and server.pem and middlebox.pem for localhost, 127.0.0.1 and ::1
          tlmsp certs certs --party orders=orders.example --party waf=waf.example,10.0.0.7 --days 90
              one file per party with certificate and key; a middlebox needs the host that clients list it under
          tlmsp certs certs --rsa --force
              RSA keys, over what is there

        The CA's own key is not kept: to add a party, make all of them again. For development only.
        """;

    private static readonly string[] s_defaultParties = ["server=localhost,127.0.0.1,::1", "middlebox=localhost,127.0.0.1,::1"];

    public static Command Create(ToolConsole console)
    {
        var folder = new Argument<string>("folder") { Description = "Where the files go; made if it does not exist" };
        var parties = new Option<string[]>("--party")
        {
            Description = $"A party and its host names or addresses; repeat. Default: {string.Join(" and ", s_defaultParties)}",
            HelpName = "NAME=HOST,…",
        };
        var days = new Option<int>("--days")
        {
            Description = "How long the certificates are valid",
            DefaultValueFactory = _ => 30,
            HelpName = "DAYS",
        };
        var rsa = new Option<bool>("--rsa") { Description = "RSA keys of 2048 bits instead of ECDSA keys on P-256" };
        var force = new Option<bool>("--force") { Description = "Overwrite files that exist" };
        var command = new TeachingCommand("certs", "Make a CA and the certificates of a path, for development.", Examples)
        {
            folder, parties, days, rsa, force, ConfigurationFile.CreateOption(),
        };
        command.SetAction(parsed => Run(
            console, parsed.GetRequiredValue(folder), parsed.GetValue(parties) is { Length: > 0 } given ? given : s_defaultParties,
            parsed.GetValue(days), parsed.GetValue(rsa), parsed.GetValue(force)));
        return command;
    }

    private static int Run(ToolConsole console, string folder, string[] parties, int days, bool rsa, bool force)
    {
        if (days is < 1 or > 3650)
        {
            throw new UsageException($"--days is {days}; write 1 to 3650.");
        }

        (string Name, string[] Hosts)[] all = [.. parties.Select(Parse)];
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "ca" };
        if (all.FirstOrDefault(party => !names.Add(party.Name)).Name is { } twice)
        {
            throw new UsageException($"'{twice}' is the name of two parties, or of the CA.");
        }

        string[] files = [PathOf("ca"), .. all.Select(party => PathOf(party.Name))];
        if (!force && files.FirstOrDefault(File.Exists) is { } existing)
        {
            throw new UsageException($"'{existing}' exists. Choose another folder, or overwrite with --force.");
        }

        using TlmspDevelopmentCertificates certificates = TlmspDevelopmentCertificates.Create(TimeSpan.FromDays(days), rsa);
        Directory.CreateDirectory(folder);
        Write(files[0], certificates.Root.ExportCertificatePem() + "\n", secret: false);
        console.Line($"{files[0]}  the CA: give it to every party with --ca, or as TrustedRoots");
        for (int i = 0; i < all.Length; i++)
        {
            using X509Certificate2 certificate = certificates.Issue(all[i].Name, all[i].Hosts);
            Write(files[i + 1], $"{certificate.ExportCertificatePem()}\n{KeyPem(certificate)}\n", secret: true);
            console.Line($"{files[i + 1]}  {string.Join(", ", all[i].Hosts)}");
        }

        return ExitCode.Success;

        string PathOf(string name) => Path.Combine(folder, name + ".pem");
    }

    private static (string Name, string[] Hosts) Parse(string party)
    {
        string[] sides = party.Split('=', 2, StringSplitOptions.TrimEntries);
        string[] hosts = sides[^1].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        bool isFileName = sides[0] is not ("" or "." or "..") && sides[0].IndexOfAny(Path.GetInvalidFileNameChars()) < 0;
        if (sides.Length != 2 || hosts.Length == 0 || !isFileName)
        {
            throw new UsageException($"'{party}' is no party. Write NAME=HOST or NAME=HOST,HOST, as in waf=waf.example,10.0.0.7.");
        }

        if (hosts.FirstOrDefault(host => Uri.CheckHostName(host) is UriHostNameType.Unknown) is { } odd)
        {
            throw new UsageException($"'{odd}' is neither a host name nor an IP address.");
        }

        return (sides[0], hosts);
    }

    private static string KeyPem(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private static void Write(string path, string text, bool secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (secret && !OperatingSystem.IsWindows())
        {
            // The mode counts when a file is made, not when one is overwritten.
            File.Delete(path);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
