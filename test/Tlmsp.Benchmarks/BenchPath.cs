using Tlmsp.TestSupport;

namespace Tlmsp.Benchmarks;

/// <summary>Options made once and used for every handshake, as a process would: certificates are parsed and chains built only once.</summary>
internal sealed class BenchPath
{
    private readonly TlmspClientOptions _client;
    private readonly TlmspServerOptions _server;
    private readonly TlmspMiddleboxOptions[] _middleboxes;

    public BenchPath(bool audited, params Grant[] grants)
    {
        _client = TestPaths.Client(audited, grants);
        _server = TestPaths.Server();
        _middleboxes = [.. grants.Select((_, index) => TestPaths.Middlebox(index))];
    }

    public InMemoryPath Connect() => new InMemoryPath(_client, _server, _middleboxes).Connect();
}
