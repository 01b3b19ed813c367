using System.Net;
using System.Net.Http.Headers;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

/// <summary>A middlebox of ours between HttpClient and Kestrel that does more than it was granted.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Tried">What is tried.</param>
/// <param name="Fault">What the endpoint that notices says about it.</param>
internal sealed record BoxAttack(string Id, string Tried, string Fault) : AttackRow(Id, Tried)
{
    /// <summary>What the middlebox may do, as <see cref="HttpContexts.ParseGrant"/> reads it; empty for nothing.</summary>
    public required string Grant { get; init; }

    /// <summary>What it does, per direction of the attacked connection; null for nothing.</summary>
    public required Func<RelayDirection, Deed?> Attack { get; init; }

    /// <summary>Whether the server notices, and not the client.</summary>
    public bool ServerNotices { get; init; }

    public TlmspAlert Alert { get; init; } = TlmspAlert.IllegalParameter;

    /// <summary>The context of the alert.</summary>
    public byte Context { get; init; } = Payload.Body;

    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public string Path { get; init; } = "/ten";

    /// <summary>Content of the request, if any.</summary>
    public string? Content { get; init; }

    /// <summary>Value of a field that the request has more, if any.</summary>
    public string? Field { get; init; }

    /// <summary>Whether the request has credentials.</summary>
    public bool Credentials { get; init; }

    /// <summary>Whether the request's content is sent in chunks.</summary>
    public bool Chunked { get; init; }

    public HttpProfile Profile { get; init; } = HttpProfile.Two;

    public bool Audited { get; init; }

    /// <summary>Whether endpoints send chunks where content may be written.</summary>
    public bool Resizing { get; init; } = true;

    /// <summary>
    /// What the requests are that the application may have read whole all the same; by default the attacked one if the client notices,
    /// because then it is the response that is attacked.
    /// </summary>
    public string[]? Whole { get; init; }

    /// <summary>
    /// What the client has of the attacked exchange, where the attack lies behind something that the middlebox may do; else nothing.
    /// </summary>
    public string? Behind { get; init; }

    public override string Actor => $"middlebox with {(Grant.Length == 0 ? "no access" : Grant)}";

    public override string StoppedBy => Describe(ServerNotices ? "server" : "client", Alert, Context, Fault);

    private Grant Granted => Grant.Length == 0 ? Tlmsp.Grant.None : HttpContexts.ParseGrant(Grant);

    private string Request => $"{Method} {Path} {(Content?.Length > 1000 ? $"{Content.Length} characters" : Content)}".TrimEnd();

    public override async Task RunAsync()
    {
        await using AttackedServer server = await AttackedServer.StartAsync(tlmsp =>
        {
            tlmsp.AllowResizing = Resizing;
            tlmsp.Profiles = [HttpProfile.Two, HttpProfile.Four, Profile];
        });
        await using HostileBox box = HostileBox.Start(Attack);
        int sessions = 0;
        using HttpClient neighbour = Client(server, box, () => Interlocked.Increment(ref sessions));
        Assert.Equal("hello", await neighbour.GetStringAsync("/hello"));
        string honest;
        using (HttpClient client = Client(server, box))
        {
            honest = await ExchangeAsync(client);
        }

        Assert.Equal(await DirectAsync(server), honest);
        Assert.Equal([Request, Request], server.Whole);
        server.AssertNothingLogged();

        box.IsArmed = true;
        using (HttpClient client = Client(server, box))
        {
            string? response = null;
            Exception? e = await Record.ExceptionAsync(async () => response = await ExchangeAsync(client));
            Assert.Equal(Behind, response);
            if (Behind is not null)
            {
                Assert.Null(e);

                // HttpClient may not look at an idle connection before it is about to use it again.
                box.IsArmed = false;
                _ = await Record.ExceptionAsync(() => client.GetStringAsync("/hello"));
            }
            else if (ServerNotices)
            {
                Faults.AssertTold(e, Alert);
            }
            else
            {
                Faults.AssertNoticed(e, Alert, Context, Fault);
            }
        }

        box.IsArmed = false;
        await server.AssertLoggedOnceAsync(ServerNotices ? Fault : $"The peer sent the fatal alert {Alert}");
        if (Context == 0 || Granted[Context] >= TlmspAccess.Read)
        {
            Assert.Equal([(!ServerNotices, TlmspAlertLevel.Fatal, Alert, Context)], box.Alerts);
        }

        Assert.Equal([Request, Request, .. Whole ?? (ServerNotices ? [] : [Request])], server.Whole);
        Assert.Equal("hello", await neighbour.GetStringAsync("/hello"));
        Assert.Equal(1, sessions);
        await server.AssertBystanderAsync();
    }

    private HttpClient Client(AttackedServer server, HostileBox box, Action? established = null) => server.Server.Client(tlmsp =>
    {
        tlmsp.Profile = Profile;
        tlmsp.Audited = Audited;
        tlmsp.AllowResizing = Resizing;
        tlmsp.SessionEstablished = _ => established?.Invoke();
        tlmsp.Middleboxes.Add(box.Address, Granted);
    });

    private async Task<string> DirectAsync(AttackedServer server)
    {
        using HttpClient client = server.Server.Client();
        return await ExchangeAsync(client);
    }

    private async Task<string> ExchangeAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(Method, Path)
        {
            Version = Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = Content is null ? null : new StringContent(Content),
        };
        request.Headers.Add("X-More", Field is null ? [] : [Field]);
        request.Headers.Authorization = Credentials ? new AuthenticationHeaderValue("Basic", "Yjpj") : null;
        request.Headers.TransferEncodingChunked = Chunked ? true : null;
        using HttpResponseMessage response = await client.SendAsync(request);
        return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
    }
}
