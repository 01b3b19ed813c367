using System.Security.Cryptography.X509Certificates;
using Tlmsp.Client;
using Tlmsp.Http;

namespace Tlmsp.TestSupport;

/// <summary>A row of middleboxes for HTTP in front of a server: our middlebox host, and the reference's tool.</summary>
internal sealed class HttpPath : IAsyncDisposable
{
    private readonly List<TestMiddlebox> _ours = [];
    private readonly List<PeerProcess> _theirs = [];
    private readonly List<string> _addresses = [];
    private readonly Maker[] _makers;
    private readonly Grant _grant;
    private readonly TestKey _key;
    private readonly HttpMappingMode _mapping;

    private HttpPath(Uri server, Maker[] makers, Grant grant, TestKey key, HttpMappingMode mapping)
    {
        Server = server;
        _makers = makers;
        _grant = grant;
        _key = key;
        _mapping = mapping;
        Configuration = new UclFile(key) { ServerAddress = $"tlmsp://{server.Host}:{server.Port}" }
            .Context(HttpContexts.Headers, tag: "header")
            .Context(HttpContexts.Body, tag: "body");
    }

    public Uri Server { get; }

    /// <summary>The configuration of the reference's parties.</summary>
    public UclFile Configuration { get; }

    /// <summary>Where <see cref="Configuration"/> was written.</summary>
    public string ConfigurationFile { get; private set; } = "";

    public bool HasReference => _makers.Contains(Maker.Reference);

    /// <summary>The list, as our client has it.</summary>
    public IEnumerable<TlmspMiddlebox> Middleboxes => _addresses.Select(address => new TlmspMiddlebox(TlmspAddress.Parse(address), _grant));

    /// <summary>The transports of our middleboxes.</summary>
    public List<TestTransport> Transports { get; } = [];

    /// <summary>What our middleboxes saw.</summary>
    public IEnumerable<RecordingInspector> Seen => _ours.Select(middlebox => middlebox.Seen);

    /// <summary>Starts the middleboxes.</summary>
    /// <param name="server">Where the path ends.</param>
    /// <param name="makers">The middleboxes, nearest to the client first.</param>
    /// <param name="grant">What each of them may do; null for reading everything.</param>
    /// <param name="key">The certificates.</param>
    /// <param name="mapping">The mapping that our middleboxes expect.</param>
    /// <param name="configure">Adds to the configuration; returns what the reference's middleboxes do before they pass the rest on.</param>
    public static async Task<HttpPath> StartAsync(
        Uri server, Maker[] makers, Grant? grant = null, TestKey key = TestKey.EcdsaP256, HttpMappingMode mapping = HttpMappingMode.Strict,
        Func<UclFile, string[]>? configure = null)
    {
        var path = new HttpPath(server, makers, grant ?? Grant.Read(HttpContexts.Headers, HttpContexts.Body), key, mapping);
        try
        {
            await path.StartAsync(configure?.Invoke(path.Configuration) ?? []);
        }
        catch
        {
            await path.DisposeAsync();
            throw;
        }

        return path;
    }

    /// <summary>A client of ours for the path.</summary>
    public HttpClient Client() => new(TestServer.Handler(Configure)) { BaseAddress = Server, Timeout = TimeSpan.FromSeconds(30) };

    public async ValueTask DisposeAsync()
    {
        _theirs.ForEach(process => process.Dispose());
        foreach (TestMiddlebox middlebox in _ours)
        {
            await middlebox.DisposeAsync();
        }
    }

    private void Configure(TlmspHttpOptions options)
    {
        options.AllowReferenceMiddleboxes = HasReference;
        foreach (string address in _addresses)
        {
            options.Middleboxes.Add(address, _grant);
        }
    }

    private async Task StartAsync(string[] functions)
    {
        Uri next = Server;
        foreach (Maker maker in _makers.Reverse())
        {
            if (maker == Maker.Ours)
            {
                var transport = new TestTransport();
                Transports.Insert(0, transport);
                TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
                    next,
                    options =>
                    {
                        options.Certificate = TestCertificates.Leaf("localhost", _key);
                        options.Mapping = _mapping;
                    },
                    services: transport.Register);
                _ours.Insert(0, middlebox);
                next = new Uri(middlebox.Address);
            }
            else
            {
                next = new Uri($"tlmsp://localhost:{TestMiddlebox.FreePort()}");
            }

            _addresses.Insert(0, next.OriginalString);
        }

        byte[] readable = [.. _grant.Select(grant => grant.ContextId)];
        string[] pass = readable.Length == 0 ? [] : [.. functions, Configuration.Activity("pass", UclFile.Matches(readable, ".+", forward: true))];
        Configuration.Middleboxes.AddRange(_addresses.Select(address => new UclMiddlebox(address, _grant, pass, pass)));
        ConfigurationFile = Configuration.Write();
        foreach ((int index, Maker maker) in _makers.Index())
        {
            if (maker == Maker.Reference)
            {
                _theirs.Add(await Reference.MiddleboxAsync(ConfigurationFile, UclFile.Tag(index)));
            }
        }
    }
}
