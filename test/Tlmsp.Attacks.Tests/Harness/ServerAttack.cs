using System.Net;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

/// <summary>
/// A server of ours that answers HttpClient with containers of its choice; one that it must not send ends the connection.
/// </summary>
/// <param name="Id">Its number.</param>
/// <param name="Tried">What is tried.</param>
/// <param name="Fault">What the client says about it.</param>
internal sealed record ServerAttack(string Id, string Tried, string Fault) : AttackRow(Id, Tried)
{
    /// <summary>The same traffic without the attack.</summary>
    public required Part[] Honest { get; init; }

    public required Part[] Attack { get; init; }

    /// <summary>The content that the client has in the honest run.</summary>
    public string Content { get; init; } = "hello";

    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public HttpProfile Profile { get; init; } = HttpProfile.Two;

    /// <summary>The context of the alert; by default that of the last part of the attack.</summary>
    public byte? Context { get; init; }

    /// <summary>
    /// True when the attack lies behind a response that is whole and right, which the client therefore gets; nothing comes of the rest.
    /// </summary>
    public bool Behind { get; init; }

    /// <summary>True when the attack is that the connection ends here.</summary>
    public bool Closes { get; init; }

    public override string Actor => "server";

    public override string StoppedBy => Describe("client", TlmspAlert.IllegalParameter, AlertContext, Fault);

    private byte AlertContext => Context ?? Attack[^1].ContextId;

    private HttpProfile Agreed => Http2 ? Profile.For(HttpWireVersion.Http2) : Profile;

    public override async Task RunAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using AttackedServer neighbour = await AttackedServer.StartAsync();
        var done = new TaskCompletionSource();
        Task serving = ServeHonestAsync(listener, done.Task);
        using (HttpClient honest = Client())
        {
            Assert.Equal(Content, await GetAsync(honest, listener));
        }

        done.SetResult();
        await serving;

        int sessions = 0;
        using HttpClient client = Client(() => Interlocked.Increment(ref sessions));
        Assert.Equal("hello", await client.GetStringAsync(new Uri(neighbour.Address, "/hello")));
        Task<TlmspException?> attacking = AttackAsync(listener);
        Exception? e = await Record.ExceptionAsync(() => GetAsync(client, listener));
        TlmspException? alert = await attacking;
        Assert.NotNull(alert);
        Assert.Equal((true, TlmspAlert.IllegalParameter, AlertContext), (alert.FromPeer, alert.Alert, alert.ContextId));
        if (!Behind)
        {
            Faults.AssertNoticed(e, TlmspAlert.IllegalParameter, AlertContext, Fault);
        }
        else
        {
            Assert.Null(e);
        }

        int before = sessions;
        Assert.Equal("hello", await client.GetStringAsync(new Uri(neighbour.Address, "/hello")));
        Assert.Equal(before, sessions);
    }

    private HttpClient Client(Action? established = null) => new(TestServer.Handler(tlmsp =>
    {
        tlmsp.Profile = Profile;
        tlmsp.SessionEstablished = _ => established?.Invoke();
    })) { Timeout = TimeSpan.FromSeconds(30) };

    private async Task<string> GetAsync(HttpClient client, TcpListener listener)
    {
        var uri = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        using var request = new HttpRequestMessage(Method, uri)
        {
            Version = Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using HttpResponseMessage response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task ServeHonestAsync(TcpListener listener, Task done)
    {
        await using TlmspPeer peer = await AnswerAsync(listener, Honest);
        await peer.SendCloseNotifyAsync();
        await done;
    }

    /// <returns>The alert that came back; null when the connection just ended.</returns>
    private async Task<TlmspException?> AttackAsync(TcpListener listener)
    {
        await using TlmspPeer peer = await AnswerAsync(listener, Attack);
        if (Closes)
        {
            await peer.SendCloseNotifyAsync();
        }

        return await peer.ReceiveEndAsync();
    }

    private async Task<TlmspPeer> AnswerAsync(TcpListener listener, Part[] response)
    {
        TlmspPeer peer = await TlmspPeer.AcceptAsync(listener);
        byte requests = Agreed.IdOf(HttpDirection.Request, HttpRole.Head);
        if (Http2)
        {
            await peer.SendAsync(Agreed.IdOf(HttpDirection.Response, HttpRole.Head), Payload.Frame(4, 0, 0));
        }

        while (await peer.ReceiveAsync() is { } next && !(next.Context == requests && Heads.IsRequest(next.Data, Http2)))
        {
        }

        await peer.SendAllAsync([.. response.Select(part => (part.ContextId, part.Bytes))]);
        return peer;
    }
}
