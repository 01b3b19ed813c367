namespace Tlmsp.TestSupport;

/// <summary>Ready-made options for paths in memory: contexts 1 and 2, every middlebox at m0.example, m1.example, …</summary>
public static class TestPaths
{
    private static readonly Lazy<TlmspCertificate> Ecdsa = new(() => TestCertificates.Get("server.example"));
    private static readonly Lazy<TlmspCertificate> Rsa = new(() => TestCertificates.Get("server.example", TestKey.Rsa2048));

    public static TlmspAddress MiddleboxAddress(int index) => TlmspAddress.Parse($"tlmsp://m{index}.example:{7000 + index}");

    public static TlmspClientOptions Client(bool audited, params Grant[] grants) => new()
    {
        ServerAddress = TlmspAddress.Parse("tlmsp://server.example:4433"),
        Contexts = [new TlmspContext(1, "header", audited), new TlmspContext(2, "body", audited)],
        Middleboxes = [.. grants.Select((grant, index) => new TlmspMiddlebox(MiddleboxAddress(index), grant))],
        Trust = TestCertificates.Trust(),
    };

    public static TlmspServerOptions Server(bool rsa = false) => new()
    {
        Certificates = [rsa ? Rsa.Value : Ecdsa.Value],
        MiddleboxPolicy = _ => null,
        Trust = TestCertificates.Trust(),
    };

    public static TlmspMiddleboxOptions Middlebox(int index, bool rsa = false) => new()
    {
        Addresses = [MiddleboxAddress(index)],
        Certificate = TestCertificates.Get($"m{index}.example", rsa ? TestKey.Rsa2048 : TestKey.EcdsaP256),
        Trust = TestCertificates.Trust(),
    };

    /// <summary>What a server is asked to accept, with the contexts of HTTP.</summary>
    public static TlmspOffer Offer(params TlmspMiddlebox[] middleboxes) => new(
        null, TlmspAddress.Parse("client"), TlmspAddress.Parse("server"), Http.HttpContexts.Create(), middleboxes);

    public static InMemoryPath Make(bool audited, params Grant[] grants) => new(
        Client(audited, grants), Server(), [.. grants.Select((_, index) => Middlebox(index))]);
}
