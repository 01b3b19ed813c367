using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>What the parties of a path are configured with, before somebody makes one of them hostile.</summary>
internal sealed class PathOptions
{
    private const string WithCertificate = "+certificate";

    // One object: building a chain takes longer than the rest of a handshake, and good chains are remembered per trust.
    private static readonly CertificateTrust s_trust = TestCertificates.Trust();

    /// <param name="grants">
    /// Per middlebox, separated by bars, such as "1=rw|none"; empty for no middlebox. With "+certificate" at the end for a client that
    /// shows one to a server that wants one.
    /// </param>
    /// <param name="audited">Whether the contexts are audited.</param>
    /// <param name="contexts">Their number, at least 2.</param>
    public PathOptions(string grants, bool audited, int contexts = 2)
    {
        bool authenticates = grants.EndsWith(WithCertificate, StringComparison.Ordinal);
        grants = authenticates ? grants[..^WithCertificate.Length] : grants;
        Grant[] list = [.. grants.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Grant.Parse)];
        Client = TestPaths.Client(audited, list);
        Client.Contexts =
            [.. Client.Contexts, .. Enumerable.Range(3, contexts - 2).Select(id => new TlmspContext((byte)id, "more", audited))];
        Server = TestPaths.Server();
        Middleboxes = [.. list.Select((_, index) => TestPaths.Middlebox(index))];
        if (authenticates)
        {
            Client.Certificate = TestCertificates.Get("client.example", usage: TestUsage.ClientOnly);
            Server.ClientAuthentication = TlmspClientAuthentication.Require;
        }

        foreach (TlmspOptions options in (TlmspOptions[])[Client, Server, .. Middleboxes])
        {
            options.Trust = s_trust;
        }
    }

    public TlmspClientOptions Client { get; }

    public TlmspServerOptions Server { get; }

    public TlmspMiddleboxOptions[] Middleboxes { get; }

    public InMemoryPath Make() => new(Client, Server, Middleboxes);
}
