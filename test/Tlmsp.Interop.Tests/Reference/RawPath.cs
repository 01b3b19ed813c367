using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>The middleboxes of a path, ours and the reference's, and what both sides need to know of it.</summary>
internal sealed class RawPath : IAsyncDisposable
{
    private readonly List<TlmspRelay> _ours = [];
    private readonly Dictionary<int, PeerProcess> _theirs = [];
    private readonly ConcurrentQueue<(int Middlebox, bool ToServer, byte Context, Arrival Arrival)> _seen = [];

    private RawPath(Parties parties, PathKeys keys)
    {
        Parties = parties;
        Keys = keys;
        Addresses = [.. parties.Middleboxes.Select(_ => $"tlmsp://localhost:{TestMiddlebox.FreePort()}")];
        ServerAddress = $"tlmsp://localhost:{TestMiddlebox.FreePort()}";
        Configuration = new UclFile(keys.Certificates) { ServerAddress = ServerAddress };
    }

    public Parties Parties { get; }

    public PathKeys Keys { get; }

    public string[] Addresses { get; }

    public string ServerAddress { get; }

    /// <summary>The configuration of all of the reference's parties.</summary>
    public UclFile Configuration { get; }

    /// <summary>Where <see cref="Configuration"/> was written.</summary>
    public string ConfigurationFile { get; private set; } = "";

    /// <summary>Starts the middleboxes.</summary>
    /// <param name="parties">The path.</param>
    /// <param name="keys">Certificates and group.</param>
    /// <param name="configure">Completes the configuration of the reference's parties.</param>
    /// <param name="handlers">Makes the handlers of our middleboxes, by place in the list.</param>
    public static async Task<RawPath> StartAsync(
        Parties parties, PathKeys keys, Action<RawPath> configure, Func<RawPath, int, RelayDirection, IContainerRelayHandler?>? handlers = null)
    {
        var path = new RawPath(parties, keys);
        configure(path);
        path.ConfigurationFile = path.Configuration.Write();
        try
        {
            for (int i = 0; i < parties.Middleboxes.Length; i++)
            {
                int index = i;
                if (parties.Middleboxes[i] == Maker.Reference)
                {
                    path._theirs[i] = await Reference.MiddleboxAsync(path.ConfigurationFile, UclFile.Tag(i));
                    continue;
                }

                var options = new TlmspMiddleboxOptions
                {
                    Addresses = [TlmspAddress.Parse(path.Addresses[i])],
                    Certificate = keys.Certificate,
                    Trust = TestCertificates.Trust(),
                };
                path._ours.Add(TlmspRelay.Start(options, direction => handlers?.Invoke(path, index, direction)));
            }
        }
        catch
        {
            await path.DisposeAsync();
            throw;
        }

        return path;
    }

    /// <summary>The options of our client.</summary>
    public TlmspClientOptions Client(IEnumerable<TlmspContext> contexts, Grant grant) => new()
    {
        ServerAddress = TlmspAddress.Parse(ServerAddress),
        Contexts = [.. contexts],
        Middleboxes = [.. Addresses.Select(address => new TlmspMiddlebox(TlmspAddress.Parse(address), grant))],
        Groups = [Keys.Group],
        Trust = TestCertificates.Trust(),
        AllowReferenceMiddleboxes = Parties.Middleboxes.Contains(Maker.Reference),
    };

    /// <summary>The options of our server.</summary>
    public TlmspServerOptions Server() => new()
    {
        Certificates = [Keys.Certificate],
        MiddleboxPolicy = _ => null,
        Trust = TestCertificates.Trust(),
        AllowReferenceMiddleboxes = Parties.Middleboxes.Contains(Maker.Reference),
    };

    /// <summary>Listens where our server is expected.</summary>
    public TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, new Uri(ServerAddress).Port);
        listener.Start();
        return listener;
    }

    /// <summary>Keeps what one of our middleboxes saw.</summary>
    public void Saw(int middlebox, bool toServer, byte context, Arrival arrival) => _seen.Enqueue((middlebox, toServer, context, arrival));

    /// <summary>What a middlebox saw in a context.</summary>
    public Arrival[] Seen(int middlebox, bool toServer, byte context) => Parties.Middleboxes[middlebox] == Maker.Ours
        ? [.. from seen in _seen where seen.Middlebox == middlebox && seen.ToServer == toServer && seen.Context == context select seen.Arrival]
        : [.. from seen in ReferenceLog.Received(_theirs[middlebox].Output)
              where seen.FromClient == toServer && seen.Context == context
              select new Arrival(seen.Text, seen.Deleted)];

    /// <summary>The process of one of the reference's middleboxes.</summary>
    public PeerProcess MiddleboxProcess(int index) => _theirs[index];

    /// <summary>Checks that none of our middleboxes had anything to complain about.</summary>
    public void AssertNoFaults() => Assert.All(_ours, middlebox => Assert.Empty(middlebox.Faults));

    public async ValueTask DisposeAsync()
    {
        foreach (PeerProcess process in _theirs.Values)
        {
            process.Dispose();
        }

        foreach (TlmspRelay middlebox in _ours)
        {
            await middlebox.DisposeAsync();
        }
    }
}
