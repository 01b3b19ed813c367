using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>How connections end: by a fatal alert, with close_notify, and without; and what does not end them.</summary>
public class EndInteropTests
{
    private const byte Context = 1;
    private const string Question = "question";
    private const string Answer = "answer";

    public static TheoryData<string, string> Paths
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string path in Short)
            {
                data.Add(path, "client");
                data.Add(path, "server");
            }

            return data;
        }
    }

    public static TheoryData<string> ShortPaths => [.. Short];

    /// <summary>Paths with one middlebox at most.</summary>
    private static IEnumerable<string> Short => Parties.Mixed.Where(path => Parties.Parse(path).Middleboxes.Length < 2);

    [ReferenceTheory]
    [MemberData(nameof(Paths))]
    public Task A_fatal_alert_arrives_with_its_code_and_context(string path, string ender) => EndAsync(path, ender, new Ending(
        end => end.SendAlertAsync(TlmspAlert.BadReaderMac, contextId: Context),
        $"alert {{\n context = {Context}\n level = fatal\n description = bad_reader_mac\n}}",
        async end =>
        {
            TlmspException? fault = await end.ReceiveEndAsync();
            Assert.Equal((TlmspAlert.BadReaderMac, Context, true), (fault?.Alert, fault?.ContextId, fault?.FromPeer));
        },
        ReferenceLog.Alert(TlmspAlert.BadReaderMac, Context)));

    [ReferenceTheory]
    [MemberData(nameof(Paths))]
    public Task Close_notify_arrives(string path, string ender) => EndAsync(path, ender, new Ending(
        end => end.SendCloseNotifyAsync(),
        "shutdown = yes",
        async end =>
        {
            Assert.Null(await end.ReceiveEndAsync());
            Assert.True(end.Session.Reader.IsClosed);
        },
        ReferenceLog.Closed));

    [ReferenceTheory]
    [MemberData(nameof(ShortPaths))]
    public Task A_warning_ends_nothing(string path) =>
        InteropTable.RecordAsync(InteropTable.Contexts, path, ["ends"], () => WarnAsync(path));

    private static async Task WarnAsync(string path)
    {
        const string Warning = "alert {\n context = 0\n level = warning\n description = user_canceled\n}";
        await using RawPath middleboxes = await StartAsync(path, file =>
        {
            file.ClientFunctions.Add(file.Activity("ask", "at = 0", Warning, UclFile.Send(Context, Question)));
            file.ServerFunctions.Add(file.Activity("hear", UclFile.Matches([Context], Question), Warning, UclFile.Send(Context, Answer)));
        });
        async Task SayAsync(TlmspPeer end, string text)
        {
            await end.SendAlertAsync(TlmspAlert.UserCanceled, TlmspAlertLevel.Warning);
            await end.SendAsync(Context, text);
        }

        await using var ends = new RawEnds(
            middleboxes,
            async client =>
            {
                await SayAsync(client, Question);
                Assert.Equal($"{Context}: {Answer}", await client.ReceiveTextAsync());
            },
            async server =>
            {
                Assert.Equal($"{Context}: {Question}", await server.ReceiveTextAsync());
                await SayAsync(server, Answer);
                await server.ReceiveEndAsync();
            });
        await ends.StartAsync();
        await ends.ClientSawAsync(text: "Received container (length=6) in context 1");
    }

    private static Task EndAsync(string path, string ender, Ending ending) =>
        InteropTable.RecordAsync(InteropTable.Contexts, path, ["ends"], () => LeadAsync(path, ender, ending));

    private static async Task LeadAsync(string path, string ender, Ending ending)
    {
        bool byClient = ender == "client";
        await using RawPath middleboxes = await StartAsync(path, file =>
        {
            file.ClientFunctions.Add(file.Activity("ask", "at = 0", UclFile.Send(Context, Question)));
            file.ClientFunctions.Add(file.Activity("end", UclFile.Matches([Context], Answer), ending.Action));
            file.ServerFunctions.Add(file.Activity(
                "hear", UclFile.Matches([Context], Question), byClient ? UclFile.Send(Context, Answer) : ending.Action));
        });
        await using var ends = new RawEnds(
            middleboxes,
            async client =>
            {
                await client.SendAsync(Context, Question);
                if (byClient)
                {
                    Assert.Equal($"{Context}: {Answer}", await client.ReceiveTextAsync());
                    await ending.SendAsync(client);
                }
                else
                {
                    await ending.AssertArrivedAsync(client);
                }
            },
            async server =>
            {
                Assert.Equal($"{Context}: {Question}", await server.ReceiveTextAsync());
                if (byClient)
                {
                    await server.SendAsync(Context, Answer);
                    await ending.AssertArrivedAsync(server);
                }
                else
                {
                    await ending.SendAsync(server);
                }
            });
        await ends.StartAsync();
        await (byClient ? ends.ServerSawAsync(ending.Logged) : ends.ClientSawAsync(ending.Logged));
        middleboxes.AssertNoFaults();
    }

    private static Task<RawPath> StartAsync(string path, Action<UclFile> configure) => RawPath.StartAsync(
        Parties.Parse(path), PathKeys.Parse(PathKeys.Ecdsa), owner =>
        {
            UclFile file = owner.Configuration.Context(Context);
            string pass = file.Activity("pass", UclFile.Matches([Context], ".+", forward: true));
            file.Middleboxes.AddRange(owner.Addresses.Select(address => new UclMiddlebox(address, Grant.Read(Context), [pass], [pass])));
            configure(file);
        });

    /// <summary>A way to end a connection.</summary>
    /// <param name="SendAsync">What our endpoint does.</param>
    /// <param name="Action">What the reference's endpoint does.</param>
    /// <param name="AssertArrivedAsync">What our endpoint must see.</param>
    /// <param name="Logged">What the reference's endpoint must log.</param>
    private sealed record Ending(Func<TlmspPeer, Task> SendAsync, string Action, Func<TlmspPeer, Task> AssertArrivedAsync, string Logged);
}
