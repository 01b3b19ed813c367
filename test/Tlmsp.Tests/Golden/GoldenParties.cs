using System.Security.Cryptography.X509Certificates;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Certificates;

namespace Tlmsp.Tests.Golden;

/// <summary>
/// The parties of the golden sessions: committed certificates, a clock that stands still, and randomness from the session's name.
/// </summary>
internal static class GoldenParties
{
    private const ushort Scheme = SignatureSchemes.RsaPkcs1Sha256;   // PKCS #1 v1.5: the same input gives the same signature

    private static readonly Lazy<CertificateTrust> s_trust = new(() =>
    {
        var trust = new CertificateTrust { TimeProvider = new ManualTime { Now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero) } };
        trust.CustomRootTrust.Add(X509CertificateLoader.LoadCertificateFromFile(GoldenFolder.File("root.pem")));
        return trust;
    });

    private static readonly Lazy<TlmspCertificate> s_client = new(() => Certificate("client"));
    private static readonly Lazy<TlmspCertificate> s_server = new(() => Certificate("server"));
    private static readonly Lazy<TlmspCertificate>[] s_middleboxes = [new(() => Certificate("m0")), new(() => Certificate("m1"))];

    public static TlmspClientOptions Client(GoldenSession session, KeyExchangeGroup group)
    {
        TlmspClientOptions options = TestPaths.Client(session.Audited, session.ListedGrants);
        options.SignatureSchemes = [Scheme];
        options.PathPolicy = _ => null;
        options.Certificate = session.AsksForCertificate ? s_client.Value : null;
        return Fix(options, session, "client", group);
    }

    public static TlmspServerOptions Server(GoldenSession session, KeyExchangeGroup group) => Fix(
        new TlmspServerOptions
        {
            Certificates = [s_server.Value],
            MiddleboxPolicy = _ => null,
            ClientAuthentication = session.AsksForCertificate ? TlmspClientAuthentication.Require : TlmspClientAuthentication.None,
            SignatureSchemes = [Scheme],
            PathCompletion = offer =>
            [
                .. offer.Middleboxes,
                .. session.Grants.Skip(offer.Middleboxes.Count)
                    .Select(grant => new TlmspMiddlebox(TestPaths.MiddleboxAddress(offer.Middleboxes.Count), grant)),
            ],
        },
        session, "server", group);

    public static TlmspMiddleboxOptions Middlebox(GoldenSession session, int index, KeyExchangeGroup group) => Fix(
        new TlmspMiddleboxOptions { Addresses = [TestPaths.MiddleboxAddress(index)], Certificate = s_middleboxes[index].Value },
        session, $"middlebox {index}", group);

    private static T Fix<T>(T options, GoldenSession session, string party, KeyExchangeGroup group)
        where T : TlmspOptions
    {
        options.Trust = s_trust.Value;
        options.Groups = [group];
        options.CipherSuites = [session.Suite];
        options.Random = new SeededRandom($"{session.Seed}, {party}");
        return options;
    }

    private static TlmspCertificate Certificate(string name) => TlmspCertificate.FromPemFiles(GoldenFolder.File($"{name}.pem"));
}
