using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A middlebox that connections pass without being made to it, and that the server announces (handshake.md §1.6).</summary>
public class TransparentTests
{
    private static readonly Grant s_grant = Grant.Read(HttpContexts.Headers);

    [Fact]
    public async Task It_takes_part_in_the_first_connection()
    {
        await using Passage passage = await Passage.StartAsync(announced: true);
        using HttpClient client = passage.Client(tlmsp => tlmsp.Middleboxes.Accept(passage.Address, s_grant));

        Assert.Equal("hello", await client.GetStringAsync("/hello"));

        Assert.Equal(1, passage.Connections);
        Assert.StartsWith("GET /hello ", Assert.Single(passage.Seen), StringComparison.Ordinal);
        TlmspPathMiddlebox middlebox = Assert.Single(passage.Session!.Middleboxes);
        Assert.Equal((passage.Address, s_grant, true), (middlebox.Address.Text, middlebox.Grant, middlebox.Inserted));
    }

    [Fact]
    public async Task A_client_has_to_accept_it_all_the_same()
    {
        await using Passage passage = await Passage.StartAsync(announced: true);
        using HttpClient client = passage.Client(_ => { });

        HttpRequestException e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        Assert.Contains($"tlmsp.Middleboxes.Accept(\"{passage.Address}\"", e.InnerException!.Message, StringComparison.Ordinal);
        Assert.Empty(passage.Seen);
    }

    [Fact]
    public async Task Without_the_servers_word_it_lets_nothing_pass()
    {
        await using Passage passage = await Passage.StartAsync(announced: false);
        using HttpClient client = passage.Client(tlmsp => tlmsp.Middleboxes.Accept(passage.Address, s_grant));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        Exception fault = await passage.FirstFault.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(Misbehaviour.NotOnPath, Assert.IsType<TlmspException>(fault).Misbehaviour);
    }

    /// <summary>A server whose clients are sent through a middlebox by the network, here by its port.</summary>
    private sealed class Passage : IAsyncDisposable
    {
        private readonly List<string> _seen = [];
        private readonly TestServer _server;
        private readonly TlmspRelay _relay;
        private int _connections;

        private Passage(string address, TestServer server)
        {
            Address = address;
            _server = server;
            var options = new TlmspMiddleboxOptions
            {
                Addresses = [TlmspAddress.Parse(address)],
                Certificate = TestCertificates.Get(),
                Trust = TestCertificates.Trust(),
                Transparent = true,
            };
            _relay = TlmspRelay.Start(options, direction => direction.ToServer ? new Reader(_seen) : null, server.Address.Port);
        }

        public string Address { get; }

        public IReadOnlyList<string> Seen => _seen;

        public Task<Exception> FirstFault => _relay.FirstFault;

        public int Connections => Volatile.Read(ref _connections);

        public TlmspSessionInfo? Session { get; private set; }

        public static async Task<Passage> StartAsync(bool announced)
        {
            string address = $"tlmsp://localhost:{TestMiddlebox.FreePort()}";
            Passage? passage = null;
            TestServer server = await TestServer.StartAsync(
                tlmsp => tlmsp.Middleboxes.PathCompletion = offer => announced
                    ? [.. offer.Middleboxes, new TlmspMiddlebox(TlmspAddress.Parse(address), s_grant) { Transparent = true }]
                    : offer.Middleboxes,
                app => app.Use(next => context =>
                {
                    passage!.Session = context.GetTlmspConnection();
                    return next(context);
                }),
                listen => listen.Use(next => connection =>
                {
                    Interlocked.Increment(ref passage!._connections);
                    return next(connection);
                }));
            return passage = new Passage(address, server);
        }

        public HttpClient Client(Action<Client.TlmspHttpOptions> configure) =>
            new(TestServer.Handler(configure)) { BaseAddress = new Uri(Address.Replace("tlmsp", "https", StringComparison.Ordinal)) };

        public async ValueTask DisposeAsync()
        {
            await _relay.DisposeAsync();
            await _server.DisposeAsync();
        }

        private sealed class Reader(List<string> seen) : IContainerRelayHandler
        {
            public RelayAction OnContainer(in RelayedContainer container, System.Buffers.IBufferWriter<byte> replacement)
            {
                if (!container.IsAlert)
                {
                    seen.Add(Encoding.ASCII.GetString(container.Plaintext));
                }

                return RelayAction.Forward;
            }
        }
    }
}
