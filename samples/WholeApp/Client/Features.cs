using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text.Json;
using WholeApp.App;

namespace WholeApp.Client;

/// <summary>What the application does.</summary>
internal static class Features
{
    private const int Megabyte = 1_000_000;

    public static IReadOnlyList<Feature> All { get; } =
    [
        new("JSON", true, true, async (client, _) => await JsonAsync(client)),
        new("upload of a form with a file, 5 MB", true, true, async (client, _) => await UploadAsync(client)),
        new("download, 5 MB", true, true, async (client, _) => await DownloadAsync(client)),
        new("download of a range", true, true, async (client, _) => await RangeAsync(client)),
        new("server-sent events", true, true, async (client, _) => await EventsAsync(client)),
        new("WebSocket", true, false, async (client, handler) => await EchoAsync(client.BaseAddress!, handler)),
        new("gRPC, unary", false, true, async (client, _) => (await GrpcCall.StartAsync(client, "Square", 12).ResultAsync()) is (0, [144])),
        new("gRPC, server streaming", false, true, async (client, _) =>
            await GrpcCall.StartAsync(client, "Count", 100).ResultAsync() is (0, { Count: 100 } counted) && counted[^1] == 100),
        new("gRPC, client streaming", false, true, async (client, _) =>
            await GrpcCall.StartAsync(client, "Sum", [.. Enumerable.Range(1, 100)]).ResultAsync() is (0, [5050])),
        new("gRPC, both ways", false, true, async (client, _) => await RunningSumAsync(client)),
        new("gRPC, a call that fails", false, true, async (client, _) => await GrpcCall.StartAsync(client, "Fail", 1).ResultAsync() is (9, [])),
    ];

    private static async Task<bool> JsonAsync(HttpClient client)
    {
        using HttpResponseMessage created = await client.PostAsJsonAsync("/notes", new Note(0, "remember the milk"));
        Note? note = await client.GetFromJsonAsync<Note>(created.Headers.Location);
        using HttpResponseMessage missing = await client.GetAsync("/notes/1000000");
        return created.StatusCode == HttpStatusCode.Created && note?.Text == "remember the milk" && missing.StatusCode == HttpStatusCode.NotFound;
    }

    private static async Task<bool> UploadAsync(HttpClient client)
    {
        byte[] content = Files.Content(5 * Megabyte);
        using var form = new MultipartFormDataContent { { new ByteArrayContent(content), "file", "photo.jpg" } };
        using HttpResponseMessage response = await client.PostAsync("/files", form);
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return answer.RootElement.GetProperty("sha256").GetString() == Convert.ToHexString(SHA256.HashData(content));
    }

    private static async Task<bool> DownloadAsync(HttpClient client)
    {
        byte[] content = await client.GetByteArrayAsync($"/files/{5 * Megabyte}");
        return Files.Content(5 * Megabyte).AsSpan().SequenceEqual(content);
    }

    private static async Task<bool> RangeAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/files/{Megabyte}")
        {
            Version = client.DefaultRequestVersion,
            VersionPolicy = client.DefaultVersionPolicy,
        };
        request.Headers.Range = new RangeHeaderValue(1000, 1999);
        using HttpResponseMessage response = await client.SendAsync(request);
        byte[] part = await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode == HttpStatusCode.PartialContent && Files.Content(Megabyte).AsSpan(1000, 1000).SequenceEqual(part);
    }

    private static async Task<bool> EventsAsync(HttpClient client)
    {
        await using Stream stream = await client.GetStreamAsync("/events/20");
        int seen = 0;
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync())
        {
            seen += item.EventType == "tick" && item.Data == $"{seen}" ? 1 : 0;
        }

        return seen == 20;
    }

    private static async Task<bool> EchoAsync(Uri server, HttpMessageHandler handler)
    {
        using var socket = new ClientWebSocket();
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        await socket.ConnectAsync(new UriBuilder(server) { Scheme = "wss", Path = "/echo" }.Uri, invoker, CancellationToken.None);
        byte[] sent = Files.Content(200_000);
        Task sending = socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        byte[] received = new byte[sent.Length];
        int length = 0;
        for (bool end = false; !end;)
        {
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(received.AsMemory(length), CancellationToken.None);
            length += part.Count;
            end = part.EndOfMessage;
        }

        await sending;
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        return socket.CloseStatusDescription == "bye" && received.AsSpan().SequenceEqual(sent);
    }

    private static async Task<bool> RunningSumAsync(HttpClient client)
    {
        // Each number is sent only after the sum of those before it has come.
        await using GrpcCall call = GrpcCall.StartAsync(client, "RunningSum");
        IAsyncEnumerator<long> sums = call.RepliesAsync().GetAsyncEnumerator();
        long expected = 0;
        for (int i = 1; i <= 20; i++)
        {
            await call.SendAsync(i);
            expected += i;
            if (!await sums.MoveNextAsync() || sums.Current != expected)
            {
                return false;
            }
        }

        call.Complete();
        return !await sums.MoveNextAsync() && await call.StatusAsync() == 0;
    }
}
