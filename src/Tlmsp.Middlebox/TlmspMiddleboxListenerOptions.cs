using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Tlmsp.Middlebox;

/// <summary>Options of one of several listeners of a middlebox host.</summary>
public sealed class TlmspMiddleboxListenerOptions
{
    /// <summary>The address that clients who come here list, such as <c>waf.example:7001</c>. Required.</summary>
    public string? Address { get; set; }

    /// <summary>Where to listen. Default: every interface, IPv6 and IPv4 as the machine has them, port of <see cref="Address"/>.</summary>
    public IPEndPoint? ListenEndPoint { get; set; }

    /// <summary>
    /// Certificate with private key; should name the host of <see cref="Address"/> and allow server and client authentication. Default,
    /// unless there is a <see cref="CertificateFile"/>: the certificate that the host's options have for all listeners.
    /// </summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Intermediate certificates to send with <see cref="Certificate"/>.</summary>
    public X509Certificate2Collection? CertificateChain { get; set; }

    /// <summary>The certificate in files instead; what replaces them is used for new connections.</summary>
    public TlmspCertificateFile? CertificateFile { get; set; }

    /// <summary>
    /// Most connections that came here at a time; more wait to be accepted. Default:
    /// <see cref="TlmspMiddleboxHostOptions.MaxConnections"/>.
    /// </summary>
    public int? MaxConnections { get; set; }

    /// <summary>Checks the options and makes of them what a listener works with.</summary>
    /// <param name="name">The name of the listener.</param>
    /// <param name="where">What to begin problems with.</param>
    /// <param name="host">What holds for all listeners.</param>
    /// <param name="problems">Takes what is missing or contradictory; each says how to fix it.</param>
    /// <returns>Null where there are problems.</returns>
    internal ListenerSettings? ToSettings(string name, string where, TlmspMiddleboxHostOptions host, List<string> problems)
    {
        int before = problems.Count;
        if (!TlmspAddress.TryParse(Address, out TlmspAddress address))
        {
            problems.Add($"{where}Address is '{Address}'. Set it to what clients list, such as waf.example:7001.");
        }

        int most = MaxConnections ?? host.MaxConnections;
        if (MaxConnections < 1)
        {
            problems.Add($"{where}MaxConnections is {MaxConnections}. Set it to 1 or more, or remove it.");
        }

        bool hasOwn = Certificate is not null || CertificateFile is not null;
        TlmspCertificateFile? file = hasOwn ? CertificateFile : host.CertificateFile;
        TlmspCertificate? certificate = hasOwn
            ? Load(Certificate, CertificateChain, CertificateFile, where, problems)
            : Load(host.Certificate, host.CertificateChain, host.CertificateFile, "", problems);
        if (problems.Count > before || certificate is null)
        {
            return null;
        }

        address.TryGetEndPoint(out _, out int port);
        return new ListenerSettings(name, Address!, host, new TlmspMiddleboxOptions
        {
            Addresses = [address],
            Certificate = certificate,
            Trust = host.Trust,
            Limits = host.Limits,
            AllowReferenceMiddleboxes = host.AllowReferenceMiddleboxes,
        })
        {
            EndPoint = ListenEndPoint ?? new IPEndPoint(IPAddress.IPv6Any, port),
            IsEveryInterface = ListenEndPoint is null,
            CertificateFile = file,
            MaxConnections = most,
        };
    }

    private static TlmspCertificate? Load(
        X509Certificate2? leaf, X509Certificate2Collection? chain, TlmspCertificateFile? file, string where, List<string> problems)
    {
        string problem = "Certificate is not set. Set a certificate with a private key.";
        if (leaf is not null && file is not null)
        {
            problem = "Certificate and CertificateFile are both set. Remove one of them.";
        }
        else if (file is not null)
        {
            return file.Current;
        }
        else if (leaf is not null)
        {
            try
            {
                return TlmspCertificate.Create(leaf, chain);
            }
            catch (ArgumentException e)
            {
                problem = e.Message;
            }
        }

        // What all listeners share is said once.
        if (!problems.Contains(where + problem))
        {
            problems.Add(where + problem);
        }

        return null;
    }
}
