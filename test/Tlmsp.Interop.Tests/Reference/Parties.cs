using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>The parties of a path, as tests name them: <c>ours &gt; reference &gt; ours</c> is our client, their middlebox, our server.</summary>
internal sealed record Parties(Maker Client, Maker[] Middleboxes, Maker Server)
{
    /// <summary>The middleboxes that are combined with every client and every server.</summary>
    private static readonly string[] s_between = ["", "ours > ", "reference > ", "ours > reference > ", "reference > ours > ", "reference > reference > "];

    private static readonly string[] s_makers = ["ours", "reference"];

    /// <summary>Every combination with a party of each maker.</summary>
    public static IEnumerable<string> Mixed =>
        from client in s_makers
        from between in s_between
        from server in s_makers
        let path = $"{client} > {between}{server}"
        where path.Contains("ours", StringComparison.Ordinal) && path.Contains("reference", StringComparison.Ordinal)
        select path;

    /// <summary>Every combination between ends of given makers.</summary>
    public static IEnumerable<string> Between(Maker client, Maker server) => s_between.Select(between => $"{Name(client)} > {between}{Name(server)}");

    public static Parties Parse(string path)
    {
        Maker[] makers = [.. path.Split(" > ").Select(name => Enum.Parse<Maker>(name, ignoreCase: true))];
        return new Parties(makers[0], makers[1..^1], makers[^1]);
    }

    private static string Name(Maker maker) => s_makers[(int)maker];
}

/// <summary>The keys of a path, as tests name them.</summary>
internal sealed record PathKeys(TestKey Certificates, KeyExchangeGroup Group)
{
    public const string Rsa = "RSA, X25519";

    public const string Ecdsa = "ECDSA, P-256";

    public static PathKeys Parse(string keys) => keys switch
    {
        Rsa => new PathKeys(TestKey.Rsa2048, KeyExchangeGroup.X25519),
        Ecdsa => new PathKeys(TestKey.EcdsaP256, KeyExchangeGroup.P256),
        _ => throw new ArgumentException($"'{keys}' are not the keys of any path.", nameof(keys)),
    };

    public bool IsP256 => Group == KeyExchangeGroup.P256;

    public TlmspCipherSuite CipherSuite =>
        Certificates == TestKey.Rsa2048 ? TlmspCipherSuite.EcdheRsaAes128GcmSha256 : TlmspCipherSuite.EcdheEcdsaAes128GcmSha256;

    public TlmspCertificate Certificate => TestCertificates.Get("localhost", Certificates);
}
