using Tlmsp.Http;
using Tlmsp.Middlebox;
using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

/// <summary>A client of ours that sends containers of its choice to Kestrel; one that it must not send ends its connection.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Tried">What is tried.</param>
/// <param name="Fault">What the party that notices says about it.</param>
internal sealed record ClientAttack(string Id, string Tried, string Fault) : AttackRow(Id, Tried)
{
    /// <summary>The same traffic without the attack.</summary>
    public required Part[] Honest { get; init; }

    public required Part[] Attack { get; init; }

    /// <summary>The request that the application reads to its end in the honest run.</summary>
    public string Whole { get; init; } = "POST /upload hello";

    public HttpProfile Profile { get; init; } = HttpProfile.Two;

    public TlmspAlert Alert { get; init; } = TlmspAlert.IllegalParameter;

    /// <summary>The context of the alert; by default that of the last part of the attack.</summary>
    public byte? Context { get; init; }

    /// <summary>Bounds of the server.</summary>
    public HttpFramerLimits Limits { get; init; } = HttpFramerLimits.Default;

    /// <summary>What an honest middlebox before the server may inspect; then it is the one that notices. Null for no middlebox.</summary>
    public string? Inspector { get; init; }

    /// <summary>Instead of requests that are whole all the same: those that the application may have read before the attack.</summary>
    public string[] Before { get; init; } = [];

    /// <summary>True when the attack is that the connection ends here.</summary>
    public bool Closes { get; init; }

    public override string Actor => "client";

    public override string StoppedBy => Describe(Inspector is null ? "server" : "inspecting middlebox", Alert, AlertContext, Fault);

    private byte AlertContext => Inspector is null ? Context ?? Attack[^1].ContextId : (byte)0;

    private HttpProfile Agreed => Http2 ? Profile.For(HttpWireVersion.Http2) : Profile;

    public override async Task RunAsync()
    {
        await using AttackedServer server = await AttackedServer.StartAsync(tlmsp =>
        {
            tlmsp.HttpLimits = Limits;
            tlmsp.Profiles = [HttpProfile.Two, Agreed];
        });
        await using TestMiddlebox? box = Inspector is null ? null : await TestMiddlebox.StartAsync(server.Address);
        await using (TlmspPeer client = await ConnectAsync(server, box))
        {
            await SendAsync(client, Honest);
            Assert.Equal(Whole, await server.NextWholeAsync());
            await AssertOkAsync(client);
            await client.SendCloseNotifyAsync();
        }

        string[] whole = [.. server.Whole, .. Before];
        await using (TlmspPeer client = await ConnectAsync(server, box))
        {
            await SendAsync(client, Attack);
            if (Closes)
            {
                await client.SendCloseNotifyAsync();
            }

            TlmspException? alert = await client.ReceiveEndAsync();
            Assert.NotNull(alert);
            Assert.Equal((true, Alert, AlertContext), (alert.FromPeer, alert.Alert, alert.ContextId));
        }

        if (box is null)
        {
            await server.AssertLoggedOnceAsync(Fault);
        }
        else
        {
            await server.AssertLoggedOnceAsync($"The peer sent the fatal alert {Alert}");
            string line = await box.Logs.WaitForLineAsync("Warning:");
            Assert.True(line.Contains(Fault, StringComparison.Ordinal), line);
            Assert.Single(box.Logs.Lines, line => line.StartsWith("Warning:", StringComparison.Ordinal));
        }

        Assert.Equal(whole, server.Whole);
        await server.AssertBystanderAsync();
    }

    private async Task<TlmspPeer> ConnectAsync(AttackedServer server, TestMiddlebox? box)
    {
        TlmspMiddlebox[] path = box is null ? [] : [box.With(HttpContexts.ParseGrant(Inspector!))];
        TlmspClientOptions options = TlmspPeer.ClientOptions(server.Address, path);
        options.Contexts = [.. Agreed.CreateContexts()];
        return await TlmspPeer.ConnectAsync(options);
    }

    private async Task SendAsync(TlmspPeer client, Part[] parts)
    {
        if (Http2)
        {
            await client.SendAsync(Agreed.IdOf(HttpDirection.Request, HttpRole.Head), Payload.ClientStart);
        }

        foreach (Part part in parts)
        {
            await client.SendAsync(part.ContextId, part.Bytes);
        }
    }

    private async Task AssertOkAsync(TlmspPeer client)
    {
        byte head = Agreed.IdOf(HttpDirection.Response, HttpRole.Head);
        while (await client.ReceiveAsync() is { } next)
        {
            if (next.Context == head && Heads.IsOk(next.Data, Http2))
            {
                return;
            }
        }

        Assert.Fail("The honest request got no response with status 200.");
    }
}
