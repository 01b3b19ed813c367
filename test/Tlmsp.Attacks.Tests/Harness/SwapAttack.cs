using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

/// <summary>A middlebox that gives the DATA of each of two streams of a connection to the other, on its way to HttpClient.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Tried">What is tried.</param>
/// <param name="Fault">What the client says about it.</param>
internal sealed record SwapAttack(string Id, string Tried, string Fault) : AttackRow(Id, Tried)
{
    private const string First = "first";
    private const string Second = "second one";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>What the middlebox may do.</summary>
    public required string Grant { get; init; }

    public HttpProfile Profile { get; init; } = HttpProfile.Two;

    /// <summary>The content contexts that the two streams name; null for the profile's own.</summary>
    public string[]? Named { get; init; }

    /// <summary>Whether the responses announce their lengths.</summary>
    public bool HasLengths { get; init; }

    /// <summary>The context of the alert.</summary>
    public byte Context { get; init; } = Payload.Body;

    public override string Actor => $"middlebox with {Grant}";

    public override string StoppedBy => Describe("client", TlmspAlert.IllegalParameter, Context, Fault);

    private HttpProfile Agreed => Profile.For(HttpWireVersion.Http2);

    public override async Task RunAsync()
    {
        await using HostileBox box = HostileBox.Start(Swap);
        Assert.Equal([First, Second], await ExchangeAsync(box, expectsAlert: false));
        box.IsArmed = true;
        await ExchangeAsync(box, expectsAlert: true);
    }

    /// <summary>Runs the attack where nothing stops it.</summary>
    /// <returns>What the first and the second request are answered.</returns>
    public async Task<string[]> SucceedAsync()
    {
        await using HostileBox box = HostileBox.Start(Swap);
        box.IsArmed = true;
        return await ExchangeAsync(box, expectsAlert: false);
    }

    private static Deed? Swap(RelayDirection direction) => direction.ToServer
        ? null
        : (in RelayedContainer container, IBufferWriter<byte> replacement) =>
        {
            const byte first = 1;
            const byte second = 3;
            const int streamId = 8;
            bool isData = container.CanWrite && container.Plaintext.Length > streamId && container.Plaintext[3] == 0;
            if (!isData)
            {
                return RelayAction.Forward;
            }

            byte[] frame = container.Plaintext.ToArray();
            frame[streamId] = frame[streamId] == first ? second : first;
            replacement.Write(frame);
            return RelayAction.Modify;
        };

    private async Task<string[]> ExchangeAsync(HostileBox box, bool expectsAlert)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new HttpClient(TestServer.Handler(tlmsp =>
        {
            tlmsp.Profile = Profile;
            tlmsp.Middleboxes.Add(box.Address, Profile.ParseGrant(Grant));
        })) { Timeout = s_patience };
        Task<string> first = GetAsync(client, listener, 0);
        await using TlmspPeer server = await TlmspPeer.AcceptAsync(listener);
        byte head = Agreed.IdOf(HttpDirection.Response, HttpRole.Head);
        await server.SendAsync(head, Payload.Frame(4, 0, 0));
        await NextRequestAsync(server);
        Task<string> second = GetAsync(client, listener, 1);
        await NextRequestAsync(server);
        await server.SendAllAsync(
        [
            (head, Payload.Frame(1, Payload.EndHeaders, 1, Block(0, First))),
            (head, Payload.Frame(1, Payload.EndHeaders, 3, Block(1, Second))),
            (ContentId(0), Payload.Data(1, First, ends: true)), (ContentId(1), Payload.Data(3, Second, ends: true)),
        ]);
        if (!expectsAlert)
        {
            return [await first, await second];
        }

        TlmspException? alert = await server.ReceiveEndAsync();
        Assert.NotNull(alert);
        Assert.Equal((true, TlmspAlert.IllegalParameter, Context), (alert.FromPeer, alert.Alert, alert.ContextId));
        Faults.AssertNoticed(await Record.ExceptionAsync(() => first), TlmspAlert.IllegalParameter, Context, Fault);
        Faults.AssertNoticed(await Record.ExceptionAsync(() => second), TlmspAlert.IllegalParameter, Context, Fault);
        return [];
    }

    private async Task<string> GetAsync(HttpClient client, TcpListener listener, int stream)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/{stream}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (Named is not null)
        {
            request.Headers.Add("Tlmsp-Content", Named[stream]);
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task NextRequestAsync(TlmspPeer server)
    {
        byte head = Agreed.IdOf(HttpDirection.Request, HttpRole.Head);
        while (await server.ReceiveAsync() is { } next)
        {
            if (next.Context == head && Heads.IsRequest(next.Data, http2: true))
            {
                return;
            }
        }

        Assert.Fail("The client has ended the connection.");
    }

    private byte ContentId(int stream) =>
        Named is null ? Agreed.IdOf(HttpDirection.Response, HttpRole.Content) : Agreed.ContentId(Named[stream], HttpDirection.Response);

    private byte[] Block(int stream, string content) => Payload.OkBlock(
    [
        .. HasLengths ? Payload.Field("content-length", content.Length.ToString(CultureInfo.InvariantCulture)) : [],
        .. Named is null ? [] : Payload.Field("tlmsp-content", Named[stream]),
    ]);
}
