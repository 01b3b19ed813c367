using System.Buffers;
using System.Text;

namespace Tlmsp.Http.Tests;

/// <summary>What follows 101, and 2xx to CONNECT: blocks in a context of their own, with an end mark (docs/http-mapping.md, Tunnels).</summary>
public class TunnelTests
{
    private const string Upgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    private const string Switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    private const string Connect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    private const string Connected = "HTTP/1.1 200 Connected\r\n\r\n";
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    public static TheoryData<string, string> Openings => new() { { Upgrade, Switching }, { Connect, Connected } };

    /// <summary>Of requests: what arrives before the response that opens the tunnel; what that response is; what arrives after it.</summary>
    public static TheoryData<string, string[], string, string[]> Violations => new()
    {
        { "before it is opened", ["h:" + Upgrade, "t:\0\u0001x"], "", [] },
        { "before it is opened, with CONNECT", ["h:" + Connect, "t:\0\u0001x"], "", [] },
        { "in the place of a request", ["t:\0\u0001x"], "", [] },
        { "inside a head", ["h:GET /ws HTTP/1.1\r\n", "t:\0\u0001x"], "", [] },
        { "inside content", ["h:POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "t:\0\u0001x"], "", [] },
        { "content inside it", ["h:" + Upgrade], Switching, ["t:\0\u0001x", "b:x"] },
        { "content in its place", ["h:" + Upgrade], Switching, ["b:\0\u0001x"] },
        { "a head inside it", ["h:" + Upgrade], Switching, ["t:\0\u0005x", "h:" + Get] },
        { "a request instead of it", ["h:" + Upgrade], Switching, ["h:" + Get] },
        { "sensitive fields inside it", ["h:" + Upgrade], Switching, ["s:Cookie: a=b\r\n"] },
        { "data after its end", ["h:" + Upgrade], Switching, ["t:\0\0", "t:\0\u0001x"] },
        { "data after its end, in one container", ["h:" + Upgrade], Switching, ["t:\0\u0001x\0\0\0\u0001x"] },
        { "a second end", ["h:" + Upgrade], Switching, ["t:\0\0\0\0"] },
        { "a request after its end", ["h:" + Upgrade], Switching, ["t:\0\0", "h:" + Get] },
    };

    /// <summary>Of responses: the request, what the server would answer.</summary>
    public static TheoryData<string, string> Refused => new()
    {
        { Get, Switching },
        { "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", Switching },
        { "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrades\r\nUpgrade: websocket\r\n\r\n", Switching },
        { Upgrade.Replace("1.1", "1.0", StringComparison.Ordinal), Switching },
        { Upgrade + Get, Switching },
        { Upgrade + "GET / HT", Switching },
        { Upgrade + "\r\n", Switching },
        { Upgrade.Replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhell", StringComparison.Ordinal), Switching },
        { "", Switching },
        { Connect, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
        { Connect, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
        { Connect + Get, Connected },
        { Connect, Switching },
    };

    [Theory]
    [MemberData(nameof(Openings))]
    public void Everything_after_the_opening_response_is_of_the_tunnel_in_both_directions(string request, string response)
    {
        foreach (string option in (string[])["two+tunnel", "four+tunnel", "two+secret+tunnel", "four+secret+tunnel"])
        {
            var pair = new Pair(HttpProfile.Parse(option));

            Assert.Equal(request, pair.ToServer(request, HttpRole.Head));
            Assert.False(pair.Client.IsTunnel);
            Assert.Equal(response, pair.ToClient(response, HttpRole.Head));
            Assert.Equal("hello", pair.ToServer("hello", HttpRole.Tunnel));
            Assert.Equal("GET / HTTP/1.1\r\n\r\n", pair.ToClient("GET / HTTP/1.1\r\n\r\n", HttpRole.Tunnel));
            string large = new('x', 100_000);
            Assert.Equal(large, pair.ToClient(large, HttpRole.Tunnel));
            Assert.True(pair.Client.IsEndPremature);
            Assert.Contains(
                "inside a tunnel", Assert.Throws<HttpMappingException>(pair.Client.EndOfInput).Message, StringComparison.Ordinal);

            Assert.Equal("", pair.EndToClient());
            Assert.True(pair.Client.HasTunnelEnded);
            Assert.False(pair.Client.IsEndPremature);
            Assert.False(pair.Server.HasTunnelEnded);
            Assert.Equal("more", pair.ToServer("more", HttpRole.Tunnel));
            Assert.True(pair.Server.IsEndPremature);
            Assert.Equal("", pair.EndToServer());
            Assert.False(pair.Server.IsEndPremature);
        }
    }

    [Fact]
    public void However_blocks_are_cut_the_receiver_reads_the_same_data()
    {
        var random = new Random(5);
        byte[] data = new byte[20_000];
        random.NextBytes(data);
        foreach (bool single in (bool[])[false, true])
        {
            var pair = Pair.Open();
            byte[] blocks = [.. pair.Split(data).SelectMany(container => container.Bytes), .. HttpTunnelBlocks.EndMark];
            byte[][] pieces = single ? [.. blocks.Select(b => (byte[])[b])] : Wire.Pieces(blocks, random);
            var joined = new ArrayBufferWriter<byte>();
            foreach (byte[] piece in pieces)
            {
                Assert.False(pair.Server.HasTunnelEnded);
                pair.Server.Accept(HttpRole.Tunnel, HttpContexts.Tunnel, piece, joined);
            }

            Assert.True(pair.Server.HasTunnelEnded);
            Assert.Equal(data, joined.WrittenSpan.ToArray());
        }
    }

    [Fact]
    public void A_block_fills_a_container_and_has_its_length_in_front()
    {
        var pair = Pair.Open();

        List<(HttpRole Role, byte[] Bytes)> containers = pair.Split(new byte[40_000]);

        Assert.Equal([16355, 16355, 7296], containers.Select(container => container.Bytes.Length));
        Assert.All(containers, container => Assert.Equal(HttpRole.Tunnel, container.Role));
        Assert.All(containers, container => Assert.Equal(container.Bytes.Length - 2, (container.Bytes[0] << 8) | container.Bytes[1]));
        Assert.Equal(
            new byte[] { 0, 1, (byte)'x', 0, 2, (byte)'y', (byte)'z' }, Assert.Single(pair.Split("x"u8.ToArray(), "yz"u8.ToArray())).Bytes);
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public void What_is_not_of_the_tunnel_is_refused_inside_it_and_the_reverse(string why, string[] before, string response, string[] after)
    {
        HttpProfile profile = HttpProfile.Two.WithSecrets().WithTunnel();
        var exchanges = new HttpExchangeQueue();
        var joiner = new HttpJoiner(HttpDirection.Request, exchanges, profile: profile);
        var joined = new ArrayBufferWriter<byte>();
        string[] all = [.. before, .. after];
        for (int i = 0; i < all.Length - 1; i++)
        {
            if (i == before.Length && response.Length > 0)
            {
                Wire.Split(HttpDirection.Response, [Wire.Bytes(response)], exchanges, profile);
            }

            joiner.Accept(Wire.RoleOf(all[i]), Wire.Bytes(all[i][2..]), joined);
        }

        if (after.Length == 1)
        {
            Wire.Split(HttpDirection.Response, [Wire.Bytes(response)], exchanges, profile);
        }

        int length = joined.WrittenCount;
        HttpMappingException e = Assert.Throws<HttpMappingException>(
            () => joiner.Accept(Wire.RoleOf(all[^1]), Wire.Bytes(all[^1][2..]), joined));
        Assert.Equal(TlmspAlert.IllegalParameter, e.Alert);
        Assert.True(length == joined.WrittenCount, $"{why}: nothing of the container may arrive");
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_tunnel_is_opened_only_by_the_answer_to_a_request_for_it_with_nothing_behind(string request, string response)
    {
        HttpProfile profile = HttpProfile.Two.WithTunnel();
        var atServer = new HttpExchangeQueue();
        var joiner = new HttpJoiner(HttpDirection.Request, atServer, profile: profile);
        Wire.Join(joiner, [.. request.Length == 0 ? Array.Empty<string>() : Containers(request)]);
        Assert.Throws<HttpMappingException>(() => Wire.Split(HttpDirection.Response, [Wire.Bytes(response)], atServer, profile));

        // And a client does not take it from a server that sends it all the same.
        var atClient = new HttpExchangeQueue();
        Wire.Split(HttpDirection.Request, [Wire.Bytes(request)], atClient, profile);
        var client = new HttpJoiner(HttpDirection.Response, atClient, profile: profile);
        Assert.Throws<HttpMappingException>(() => Wire.Join(client, "h:" + response));
    }

    [Fact]
    public void What_is_declined_leaves_the_connection_as_it_was()
    {
        var pair = new Pair(HttpProfile.Two.WithTunnel());
        foreach (string request in (string[])[Upgrade, Connect])
        {
            pair.ToServer(request, HttpRole.Head);
            pair.ToClient("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", HttpRole.Head);
        }

        Assert.Equal(Get, pair.ToServer(Get, HttpRole.Head));
        Assert.Equal("HTTP/1.1 204 No Content\r\n\r\n", pair.ToClient("HTTP/1.1 204 No Content\r\n\r\n", HttpRole.Head));
        Assert.False(pair.Client.IsTunnel);
        Assert.False(pair.Client.IsEndPremature);
    }

    [Theory]
    [InlineData("two")]
    [InlineData("four+secret")]
    public void Without_the_option_requests_for_tunnels_are_not_sent_and_101_is_not_either(string option)
    {
        HttpProfile profile = HttpProfile.Parse(option);
        foreach (string request in (string[])[Upgrade, Connect])
        {
            var e = Assert.Throws<HttpMappingException>(
                () => Wire.Split(HttpDirection.Request, [Wire.Bytes(request)], profile: profile));
            Assert.Contains("HttpProfile.Two.WithTunnel()", e.Message, StringComparison.Ordinal);
        }

        // A server may decline an upgrade, and so takes the request.
        var exchanges = new HttpExchangeQueue();
        Wire.Join(new HttpJoiner(HttpDirection.Request, exchanges, profile: profile), "h:" + Upgrade);
        Assert.Contains("WithTunnel()", Assert.Throws<HttpMappingException>(
            () => Wire.Split(HttpDirection.Response, [Wire.Bytes(Switching)], exchanges, profile)).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Containers(string request)
    {
        int end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        bool hasContent = request.Contains("Content-Length", StringComparison.Ordinal);
        return hasContent ? ["h:" + request[..end], "b:" + request[end..]] : ["h:" + request];
    }

    /// <summary>Client and server of one connection: what one splits the other joins.</summary>
    internal sealed class Pair
    {
        private readonly HttpProfile _profile;
        private readonly HttpSplitter _client;
        private readonly HttpSplitter _server;

        public Pair(HttpProfile profile)
        {
            _profile = profile;
            var atClient = new HttpExchangeQueue();
            var atServer = new HttpExchangeQueue();
            _client = new HttpSplitter(HttpDirection.Request, atClient, profile);
            _server = new HttpSplitter(HttpDirection.Response, atServer, profile);
            Client = new HttpJoiner(HttpDirection.Response, atClient, profile: profile);
            Server = new HttpJoiner(HttpDirection.Request, atServer, profile: profile);
        }

        public HttpJoiner Client { get; }

        public HttpJoiner Server { get; }

        public static Pair Open()
        {
            var pair = new Pair(HttpProfile.Two.WithTunnel());
            pair.ToServer(Upgrade, HttpRole.Head);
            pair.ToClient(Switching, HttpRole.Head);
            return pair;
        }

        public string ToServer(string text, HttpRole role) => Pass(_client, Server, HttpDirection.Request, Wire.Bytes(text), role);

        public string ToClient(string text, HttpRole role) => Pass(_server, Client, HttpDirection.Response, Wire.Bytes(text), role);

        public string EndToServer() => Pass(_client, Server, HttpDirection.Request, null, HttpRole.Tunnel);

        public string EndToClient() => Pass(_server, Client, HttpDirection.Response, null, HttpRole.Tunnel);

        /// <summary>What the client sends of some writes and a flush.</summary>
        public List<(HttpRole Role, byte[] Bytes)> Split(params byte[][] writes)
        {
            var sink = new Wire.Sink(_profile, HttpDirection.Request);
            foreach (byte[] write in writes)
            {
                _client.Write(write, sink);
            }

            _client.Flush(sink);
            return sink.Containers;
        }

        private string Pass(HttpSplitter splitter, HttpJoiner joiner, HttpDirection direction, byte[]? data, HttpRole role)
        {
            var sink = new Wire.Sink(_profile, direction);
            if (data is null)
            {
                splitter.End(sink);
                splitter.End(sink);
            }
            else
            {
                splitter.Write(data, sink);
                splitter.Flush(sink);
            }

            var joined = new ArrayBufferWriter<byte>();
            foreach ((HttpRole actual, byte[] bytes) in sink.Containers)
            {
                Assert.Equal(role, actual);
                joiner.Accept(actual, _profile.IdOf(direction, actual), bytes, joined);
            }

            return Encoding.Latin1.GetString(joined.WrittenSpan);
        }
    }
}
