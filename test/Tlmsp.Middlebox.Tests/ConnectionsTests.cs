using Microsoft.AspNetCore.Builder;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Many connections, many middleboxes, and many requests on one connection.</summary>
public class ConnectionsTests
{
    private static readonly Grant s_both = Grant.Read(HttpContexts.Headers, HttpContexts.Body);

    [Fact]
    public async Task One_connection_more_than_allowed_waits_until_another_ends()
    {
        await using PeerPath path = await PeerPath.StartAsync(options => options.MaxConnections = 2);
        (TlmspPeer client1, TlmspPeer server1) = await path.ConnectAsync();
        (TlmspPeer client2, TlmspPeer server2) = await path.ConnectAsync();
        Task<(TlmspPeer Client, TlmspPeer Server)> third = path.ConnectAsync();

        // The two go on, which takes longer than a handshake.
        for (int i = 0; i < 50; i++)
        {
            await client1.SendMessageAsync($"head {i}", "x");
            Assert.Equal($"1: head {i}", await server1.ReceiveTextAsync());
            Assert.Equal("2: x", await server1.ReceiveTextAsync());
            await server2.SendMessageAsync($"head {i}", "y");
            Assert.Equal($"1: head {i}", await client2.ReceiveTextAsync());
            Assert.Equal("2: y", await client2.ReceiveTextAsync());
        }

        Assert.False(third.IsCompleted);
        await client1.DisposeAsync();
        await server1.DisposeAsync();

        (TlmspPeer client3, TlmspPeer server3) = await third;
        await client3.SendMessageAsync("head", "x");
        Assert.Equal("1: head", await server3.ReceiveTextAsync());
        foreach (TlmspPeer peer in (TlmspPeer[])[client2, server2, client3, server3])
        {
            await peer.DisposeAsync();
        }
    }

    [Fact]
    public async Task Four_middleboxes_in_a_row_see_what_each_was_granted()
    {
        Grant[] grants = [Grant.Read(HttpContexts.Headers), Grant.None, s_both, Grant.Parse("1=rw,2=rw")];
        await using TestServer server = await TestServer.StartAsync(tlmsp =>
        {
            tlmsp.Middleboxes.Policy = _ => null;
            tlmsp.AllowResizing = false;    // sizes as they were written
        });
        var row = new List<TestMiddlebox>();
        for (int i = 0; i < grants.Length; i++)
        {
            row.Insert(0, await TestMiddlebox.StartAsync(row.Count == 0 ? server.Address : new Uri(row[0].Address)));
        }

        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.AllowResizing = false;
            foreach ((TestMiddlebox middlebox, Grant grant) in row.Zip(grants))
            {
                tlmsp.Middleboxes.Add(middlebox.Address, grant);
            }
        });
        byte[] content = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];

        using HttpResponseMessage response = await client.PostAsync("/echo", new ByteArrayContent(content));

        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync());
        string[] heads = ["POST /echo HTTP/1.1", "HTTP/1.1 200 OK"];
        for (int i = 0; i < grants.Length; i++)
        {
            RecordingInspector seen = row[i].Seen;
            bool readsHeads = grants[i][HttpContexts.Headers] >= TlmspAccess.Read;
            bool readsContent = grants[i][HttpContexts.Body] >= TlmspAccess.Read;
            Assert.Equal(readsHeads ? heads : [], seen.Heads.Select(head => head.StartLine));
            Assert.Equal(readsContent ? content : [], seen.ContentOf(HttpDirection.Request));
            Assert.Equal(readsContent ? content : [], seen.ContentOf(HttpDirection.Response));
            Assert.Equal(readsContent ? 0 : 200_000, seen.OpaqueContentBytes);
        }

        foreach (TestMiddlebox middlebox in row)
        {
            await middlebox.DisposeAsync();
        }
    }

    [Fact]
    public async Task Pipelined_requests_on_one_connection_are_answered_and_seen_in_order()
    {
        const int count = 20;
        await using TestServer server = await TestServer.StartAsync(
            tlmsp => tlmsp.Middleboxes.Policy = _ => null,
            app => app.MapMethods("/any", ["GET", "HEAD"], () => "hello"));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address);
        await using TlmspPeer client = await TlmspPeer.ConnectAsync(server.Address, [middlebox.With(s_both)]);

        await client.SendAsync([.. Enumerable.Range(0, count).Select(
            i => (HttpContexts.Headers, $"{(i % 2 == 0 ? "GET" : "HEAD")} /any?{i} HTTP/1.1\r\nHost: localhost\r\n\r\n"))]);
        var heads = new List<string>();
        string content = "";
        while (heads.Count < count)
        {
            (byte context, byte[] data) = (await client.ReceiveAsync())!.Value;
            string text = System.Text.Encoding.ASCII.GetString(data);
            if (context == HttpContexts.Headers)
            {
                heads.Add(text);
            }
            else
            {
                content += text;
            }
        }

        Assert.All(heads, head => Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal));
        Assert.Equal(string.Concat(Enumerable.Repeat("5\r\nhello\r\n0\r\n\r\n", count / 2)), content);
        Assert.Equal(
            Enumerable.Range(0, count).Select(i => $"{(i % 2 == 0 ? "GET" : "HEAD")} /any?{i} HTTP/1.1"),
            middlebox.Seen.Heads.Select(head => head.StartLine).Where(line => !line.StartsWith("HTTP/", StringComparison.Ordinal)));
        Assert.Equal(2 * count, middlebox.Seen.MessageEnds);
    }

    [Fact]
    public async Task Content_in_tiny_containers_reaches_server_and_inspector_whole()
    {
        const int size = 5_000;
        await using PeerPath path = await PeerPath.StartAsync(inspect: true);
        (TlmspPeer client, TlmspPeer server) = await path.ConnectAsync();
        string digits = string.Concat(Enumerable.Range(0, size).Select(i => (char)('0' + (i % 10))));

        await client.SendAsync([
            (HttpContexts.Headers, PeerPath.Request.Replace("Length: 1", $"Length: {size}", StringComparison.Ordinal)),
            .. digits.Select(digit => (HttpContexts.Body, digit.ToString()))]);
        await server.ReceiveAsync();
        for (int i = 0; i < size; i++)
        {
            Assert.Equal($"2: {digits[i]}", await server.ReceiveTextAsync());
        }

        Assert.Equal(digits, System.Text.Encoding.ASCII.GetString(path.Middlebox.Seen.Content));
        Assert.Equal(1, path.Middlebox.Seen.MessageEnds);
        Assert.InRange(path.Middlebox.Seen.ContentCalls, 1, size / 10);
        await client.DisposeAsync();
        await server.DisposeAsync();
    }
}
