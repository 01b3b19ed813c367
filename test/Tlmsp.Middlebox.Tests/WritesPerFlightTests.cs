using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>
/// Each flight leaves each party in one write. The numbers follow from handshake.md §1.3: both endpoints send hello, keys and finished; a
/// middlebox passes three flights on to the client, the first with its own at the end, and to the server the same three, its own flight,
/// and those of the middleboxes before it.
/// </summary>
public class WritesPerFlightTests
{
    /// <summary>Middleboxes; whether certificates are so large that flights take several reads; bytes per read at a middlebox.</summary>
    public static TheoryData<int, bool, int?> Paths => new()
    {
        { 0, false, null },
        { 1, false, null },
        { 2, false, null },
        { 0, true, null },
        { 1, true, null },
        { 2, true, null },
        { 1, false, 1 },
        { 2, true, 100 },
    };

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_handshake_takes_one_write_per_flight(int middleboxes, bool largeCertificates, int? sliceBytes)
    {
        await using LoggedPath path = await LoggedPath.StartAsync(middleboxes, largeCertificates, sliceBytes);
        // The flight of a box nearer the client has no answer: what the client sends next could catch up with it, and leave with it.
        path.ClientWrites.BeforeWrite = writes => writes == 1 && middleboxes > 0
            ? path.Transports[^1].ToServer.WaitForAsync(1 + middleboxes)
            : Task.CompletedTask;
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(path.Server.Address, path.Middleboxes, path.ClientWrites);

        Assert.Equal(3, path.ClientWrites.Count);
        Assert.Equal(3, path.ServerWrites.Count);
        for (int i = 0; i < middleboxes; i++)
        {
            Assert.Equal(3, path.Transports[i].ToClient.Count);
            Assert.Equal(4 + i, path.Transports[i].ToServer.Count);
        }

        // What passes on is what came, and the flights of the middleboxes behind.
        long[] ownFlights = [.. path.Transports.Select(transport => transport.ToServer.Sizes[1])];
        Assert.Equal(path.ServerWrites.Sizes[0] + ownFlights.Sum(), path.ToClient(0).Sizes[0]);
        Assert.Equal(path.ServerWrites.Sizes[2], path.ToClient(0).Sizes[2]);
        Assert.All(path.Transports, transport => Assert.Equal(path.ClientWrites.Sizes[0], transport.ToServer.Sizes[0]));
        if (largeCertificates)
        {
            Assert.True(path.ServerWrites.Sizes[0] > 4096, "a flight should be larger than what Kestrel's transport reads at a time");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_request_and_a_response_of_one_byte_each_take_one_write_at_every_party(int middleboxes)
    {
        await using LoggedPath path = await LoggedPath.StartAsync(middleboxes);
        using HttpClient client = TlmspPeer.HttpClient(path.Server.Address, path.Middleboxes, path.ClientWrites);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        int[] before = path.Counts();

        for (int exchange = 1; exchange <= 3; exchange++)
        {
            using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent("x"u8.ToArray()));

            Assert.Equal("x", await response.Content.ReadAsStringAsync());
            Assert.Equal(before.Select(count => count + exchange), path.Counts());
        }
    }

    [Fact]
    public async Task A_response_without_content_takes_one_write_at_every_party()
    {
        await using LoggedPath path = await LoggedPath.StartAsync(2);
        using HttpClient client = TlmspPeer.HttpClient(path.Server.Address, path.Middleboxes, path.ClientWrites);
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        int[] before = path.Counts();

        using HttpResponseMessage response = await client.GetAsync("/empty");

        Assert.Equal(System.Net.HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(before.Select(count => count + 1), path.Counts());
    }

    /// <summary>A Kestrel server behind middleboxes, all logging their writes.</summary>
    private sealed class LoggedPath : IAsyncDisposable
    {
        private readonly List<TestMiddlebox> _hosts = [];

        public required TestServer Server { get; init; }

        public WriteLog ClientWrites { get; } = new();

        public required WriteLog ServerWrites { get; init; }

        /// <summary>From the client's side.</summary>
        public List<TestTransport> Transports { get; } = [];

        public TlmspMiddlebox[] Middleboxes => [.. _hosts.Select(host => host.With(Grant.Read(HttpContexts.Headers, HttpContexts.Body)))];

        public static async Task<LoggedPath> StartAsync(int middleboxes, bool largeCertificates = false, int? sliceBytes = null)
        {
            IEnumerable<string> names = Enumerable.Range(0, largeCertificates ? 150 : 0).Select(i => $"n{i}.a-long-name.example");
            X509Certificate2 certificate = TestCertificates.Leaf(
                string.Join(',', names.Prepend("localhost")), largeCertificates ? TestKey.Rsa2048 : TestKey.EcdsaP256);
            var serverWrites = new WriteLog();
            TestServer server = await TestServer.StartAsync(
                tlmsp =>
                {
                    tlmsp.ServerCertificate = certificate;
                    tlmsp.Middleboxes.Policy = _ => null;
                },
                app => app.MapGet("/empty", () => Results.NoContent()),
                listening: listen => listen.Use(next => connection =>
                {
                    connection.Transport = new LoggingDuplexPipe(connection.Transport, serverWrites);
                    return next(connection);
                }));
            var path = new LoggedPath { Server = server, ServerWrites = serverWrites };
            Uri next = server.Address;
            for (int i = 0; i < middleboxes; i++)
            {
                var transport = new TestTransport(sliceBytes);
                TestMiddlebox host = await TestMiddlebox.StartAsync(
                    next, options => options.Certificate = certificate, services: transport.Register);
                path._hosts.Insert(0, host);
                path.Transports.Insert(0, transport);
                next = new Uri(host.Address);
            }

            return path;
        }

        public WriteLog ToClient(int index) => index < Transports.Count ? Transports[index].ToClient : ServerWrites;

        /// <summary>Writes so far: client, each middlebox to the server and to the client, server.</summary>
        public int[] Counts() =>
        [
            ClientWrites.Count,
            .. Transports.SelectMany(transport => (int[])[transport.ToServer.Count, transport.ToClient.Count]),
            ServerWrites.Count,
        ];

        public async ValueTask DisposeAsync()
        {
            foreach (TestMiddlebox host in _hosts)
            {
                await host.DisposeAsync();
            }

            await Server.DisposeAsync();
        }
    }
}
