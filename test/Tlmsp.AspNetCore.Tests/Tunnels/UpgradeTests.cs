using System.Buffers;
using System.Text;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests.Tunnels;

/// <summary>A protocol of its own after 101: what arrives, what a middlebox sees, and what each kind of end looks like.</summary>
public class UpgradeTests
{
    public enum Cut
    {
        CloseNotify,
        NoWord,
    }

    [Theory]
    [InlineData("two+tunnel", null)]
    [InlineData("two+tunnel", "head=r,tunnel=r")]
    [InlineData("two+tunnel", "head=r")]
    [InlineData("two+tunnel", "body=r,tunnel=r")]
    [InlineData("four+tunnel", null)]
    [InlineData("four+tunnel", "none")]
    [InlineData("four+tunnel", "tunnel=r")]
    [InlineData("four+tunnel", "req-head=r,tunnel=r")]
    [InlineData("four+tunnel", "resp-head=r,tunnel=r")]
    [InlineData("four+tunnel", "req-head=r,resp-head=r")]
    [InlineData("four+tunnel", "req-body=r,resp-body=r")]
    [InlineData("four+tunnel", "req-head=rw,req-body=rw,resp-head=rw,resp-body=rw,tunnel=rw")]
    [InlineData("four+secret+tunnel", "req-head=r,resp-head=r")]
    public async Task Bytes_come_back_and_each_end_is_an_end(string profile, string? grant)
    {
        await using TunnelPath path = await TunnelPath.StartAsync(profile, grant);
        using HttpClient client = path.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        (HttpResponseMessage response, Stream stream) = await TunnelPath.UpgradeAsync(client);
        await using (stream)
        {
            await stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            Assert.Equal("GET / HTTP/1.1\r\n\r\n", await ReadAsync(stream, 18));
            await stream.WriteAsync("end"u8.ToArray());
            Assert.Equal("end", await ReadAsync(stream, 3));
            Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        }

        Assert.Null(await path.Ended);
        response.Dispose();
        path.Server.Logs.AssertQuiet();
        if (grant is not null)
        {
            bool reads = grant.Contains("tunnel=r", StringComparison.Ordinal);
            string all = "GET / HTTP/1.1\r\n\r\nend";
            Assert.Equal(reads ? all : "", Encoding.ASCII.GetString(path.Middlebox.Seen.TunnelOf(HttpDirection.Request)));
            Assert.Equal(reads ? all : "", Encoding.ASCII.GetString(path.Middlebox.Seen.TunnelOf(HttpDirection.Response)));
            Assert.Equal(reads, path.Middlebox.Seen.OpaqueTunnelBytes == 0);
        }
    }

    [Fact]
    public async Task The_client_ends_its_direction_and_the_server_reads_to_the_end()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel", "head=r,tunnel=r");
        using HttpClient client = path.Client();
        (HttpResponseMessage response, Stream stream) = await TunnelPath.UpgradeAsync(client);
        await stream.WriteAsync("x"u8.ToArray());
        Assert.Equal("x", await ReadAsync(stream, 1));

        response.Dispose();

        Assert.Null(await path.Ended);
    }

    [Theory]
    [InlineData("two+tunnel", true, Cut.CloseNotify)]
    [InlineData("two+tunnel", true, Cut.NoWord)]
    [InlineData("four+tunnel", false, Cut.CloseNotify)]
    [InlineData("four+tunnel", false, Cut.NoWord)]
    public async Task A_middlebox_without_rights_cannot_make_an_end_that_looks_like_one(string profile, bool atServer, Cut cut)
    {
        await using TunnelPath path = await TunnelPath.StartAsync(
            profile, Grant.None, direction => direction.ToServer == atServer ? new Cutter(direction, cut) : null);
        using HttpClient client = path.Client();
        (HttpResponseMessage response, Stream stream) = await TunnelPath.UpgradeAsync(client);
        using (response)
        {
            await stream.WriteAsync("one"u8.ToArray());
            Assert.Equal("one", await ReadAsync(stream, 3));
            await stream.WriteAsync("two"u8.ToArray());

            Exception? seen = atServer
                ? await path.Ended
                : await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null));

            Assert.Contains("inside a tunnel", Assert.IsAssignableFrom<IOException>(seen).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_application_that_fails_inside_a_tunnel_has_not_ended_it()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel");
        using HttpClient client = path.Client();
        (HttpResponseMessage response, Stream stream) = await TunnelPath.UpgradeAsync(client);
        using (response)
        {
            await stream.WriteAsync("throw"u8.ToArray());

            IOException e = await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null));

            Assert.Contains(nameof(TlmspAlert.InternalError), e.Message, StringComparison.Ordinal);
            await path.Server.Logs.WaitForLineAsync("the application failed inside a tunnel");
        }
    }

    [Fact]
    public async Task A_client_that_vanishes_has_not_ended()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel");
        TlmspPeer peer = await OpenAsync(path);
        await peer.SendAsync(HttpContexts.Tunnel, (byte[])[0, 1, (byte)'x']);
        Assert.Equal("9: \0\u0001x", await peer.ReceiveTextAsync());

        peer.Reset();

        Assert.IsAssignableFrom<IOException>(await path.Ended);
    }

    [Theory]
    [InlineData(HttpContexts.Headers, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "Tunnel bytes are due")]
    [InlineData(HttpContexts.Body, "x", "Tunnel bytes are due")]
    [InlineData(HttpContexts.Tunnel, "\0\0\0\u0001x", "data after the end of a tunnel")]
    public async Task What_is_not_of_the_tunnel_ends_the_connection_with_an_alert(byte context, string text, string reason)
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel");
        await using TlmspPeer peer = await OpenAsync(path);

        await peer.SendAsync(context, text);

        TlmspException? end = await peer.ReceiveEndAsync();
        Assert.Equal((TlmspAlert.IllegalParameter, context), (end?.Alert, end?.ContextId));
        Assert.Contains(reason, Assert.IsAssignableFrom<IOException>(await path.Ended).Message, StringComparison.Ordinal);
        using HttpClient client = path.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("GET /raw HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n")]
    [InlineData("")]
    public async Task Bytes_of_a_tunnel_before_it_is_opened_end_the_connection_with_an_alert(string begun)
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel");
        await using TlmspPeer peer = await PeerAsync(path);
        if (begun.Length > 0)
        {
            await peer.SendAsync(HttpContexts.Headers, begun);
        }

        await peer.SendAsync(HttpContexts.Tunnel, "\0\u0001x");

        TlmspException? end = await peer.ReceiveEndAsync();
        Assert.Equal((TlmspAlert.IllegalParameter, HttpContexts.Tunnel), (end?.Alert, end?.ContextId));
    }

    [Fact]
    public async Task The_server_does_not_open_a_tunnel_with_a_request_behind_it()
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel");
        await using TlmspPeer peer = await PeerAsync(path);
        await peer.SendAsync(HttpContexts.Headers, Upgrade + "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(TlmspAlert.InternalError, (await peer.ReceiveEndAsync())?.Alert);
        string line = await path.Server.Logs.WaitForLineAsync("what the application wrote cannot be sent whole");
        Assert.StartsWith("Error:", line, StringComparison.Ordinal);
        Assert.Contains("before the requests on the connection were complete", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("head=r,tunnel=r", HttpContexts.Tunnel, "\0\u0001x")]
    [InlineData("head=r", HttpContexts.Tunnel, "\0\u0001x")]
    public async Task A_middlebox_that_inspects_heads_does_not_let_an_unopened_tunnel_pass(string grant, byte context, string text)
    {
        await using TunnelPath path = await TunnelPath.StartAsync("two+tunnel", grant);
        await using TlmspPeer peer = await PeerAsync(path, path.Middlebox.With(HttpContexts.ParseGrant(grant)));

        await peer.SendAsync(context, text);

        Assert.Equal(TlmspAlert.IllegalParameter, (await peer.ReceiveEndAsync())?.Alert);
        await path.Middlebox.Logs.WaitForLineAsync("bytes of a tunnel that no response has opened");
    }

    [Fact]
    public async Task A_change_in_a_tunnel_is_in_the_audit_of_the_exchange_that_opened_it()
    {
        await using TunnelPath path = await TunnelPath.StartAsync(
            "two+tunnel", Grant.Write(HttpContexts.Tunnel), direction => direction.ToServer ? null : new Shouter(), audited: true);
        using HttpClient client = path.Client();
        Assert.Equal("hello", await client.GetStringAsync("/hello"));
        (HttpResponseMessage response, Stream stream) = await TunnelPath.UpgradeAsync(client);
        using (response)
        {
            await stream.WriteAsync("hey"u8.ToArray());
            Assert.Equal("HEY", await ReadAsync(stream, 3));

            TlmspAuditEntry entry = Assert.Single(response.GetTlmspAudit()!.Entries);
            Assert.Equal((TlmspAuditAction.Changed, HttpMessagePart.Tunnel, 1), (entry.Action, entry.Part, entry.Containers));
        }
    }

    private const string Upgrade = "GET /raw HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";

    private static async Task<TlmspPeer> OpenAsync(TunnelPath path)
    {
        TlmspPeer peer = await PeerAsync(path);
        await peer.SendAsync(HttpContexts.Headers, Upgrade);
        Assert.StartsWith("1: HTTP/1.1 101 Switching Protocols\r\n", await peer.ReceiveTextAsync(), StringComparison.Ordinal);
        return peer;
    }

    private static Task<TlmspPeer> PeerAsync(TunnelPath path, params TlmspMiddlebox[] middleboxes)
    {
        TlmspClientOptions options = TlmspPeer.ClientOptions(path.Server.Address, middleboxes);
        options.Contexts = [.. HttpProfile.Two.WithTunnel().CreateContexts()];
        return TlmspPeer.ConnectAsync(options);
    }

    private static async Task<string> ReadAsync(Stream stream, int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        byte[] bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, timeout.Token);
        return Encoding.ASCII.GetString(bytes);
    }

    /// <summary>Lets one container of the tunnel pass, and ends the connection in the place of the second.</summary>
    private sealed class Cutter(RelayDirection direction, Cut cut) : IContainerRelayHandler
    {
        private int _passed;

        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (container.IsAlert || container.ContextId != HttpContexts.Tunnel || _passed++ == 0)
            {
                return RelayAction.Forward;
            }

            if (cut == Cut.CloseNotify)
            {
                direction.Relay.WriteAlert(TlmspAlertLevel.Warning, TlmspAlert.CloseNotify, 0, direction.Output);
            }

            throw new OperationCanceledException("This middlebox ends the connection.");
        }
    }

    /// <summary>Makes capitals of what it may write.</summary>
    private sealed class Shouter : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (container.IsAlert || container.ContextId != HttpContexts.Tunnel || container.PlaintextLength == 0)
            {
                return RelayAction.Forward;
            }

            replacement.Write(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(container.Plaintext).ToUpperInvariant()));
            return RelayAction.Modify;
        }
    }
}
