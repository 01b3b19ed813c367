using System.Net;
using Tlmsp.Middlebox;
using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Content that an inspector does not get done with: nothing of it passes (A14).</summary>
public class InspectorAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new OtherAttack("A14", "client", "content that an inspector hangs over",
            "inspecting middlebox, alert 80 InternalError to both sides", () => RunAsync(http2: false, Hang)),
        new OtherAttack("A14", "client", "content that an inspector fails on",
            "inspecting middlebox, alert 80 InternalError to both sides", () => RunAsync(http2: false, Fail)),
        new OtherAttack("A14", "client", "content that an inspector hangs over",
            "inspecting middlebox, alert 80 InternalError to both sides", () => RunAsync(http2: true, Hang)) { Http2 = true },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    private static async Task RunAsync(bool http2, Func<CancellationToken, Task> deed)
    {
        await using AttackedServer server = await AttackedServer.StartAsync();
        await using TestMiddlebox box = await TestMiddlebox.StartAsync(
            server.Address, options => options.InspectorTimeout = TimeSpan.FromMilliseconds(500), inspector: new Scanner(deed));
        using HttpClient neighbour = Client();
        Assert.Equal("hello", await neighbour.GetStringAsync("/hello"));
        using (HttpClient honest = Client())
        {
            Assert.Equal("stored", await PostAsync(honest, "hello"));
        }

        Assert.Equal("POST /upload hello", await server.NextWholeAsync());
        using (HttpClient client = Client())
        {
            Exception? e = await Record.ExceptionAsync(() => PostAsync(client, Scanner.Difficult));
            Faults.AssertTold(e, TlmspAlert.InternalError);
        }

        await box.Logs.WaitForLineAsync("Warning:");
        Assert.Single(box.Logs.Lines, line => line.StartsWith("Warning:", StringComparison.Ordinal));
        await server.AssertLoggedOnceAsync("The peer sent the fatal alert InternalError");
        Assert.Equal(["POST /upload hello"], server.Whole);
        Assert.Equal("hello", await neighbour.GetStringAsync("/hello"));
        await server.AssertBystanderAsync();

        HttpClient Client() => server.Server.Client(tlmsp => tlmsp.Middleboxes.Add(box.Address, Grant.Read(Head, Body)));

        async Task<string> PostAsync(HttpClient client, string content)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/upload")
            {
                Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new StringContent(content),
            };
            using HttpResponseMessage response = await client.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }
    }

    private static Task Hang(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, CancellationToken.None);

    private static Task Fail(CancellationToken cancellationToken) => throw new InvalidOperationException("The scanner has a bug.");

    private sealed class Scanner(Func<CancellationToken, Task> deed) : ITlmspInspector
    {
        public const string Difficult = "something that takes for ever";

        public async ValueTask<InspectionVerdict> OnContentAsync(
            InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
        {
            if (Text(content.Memory.Span) == Difficult)
            {
                await deed(cancellationToken);
            }

            return InspectionVerdict.Forward;
        }
    }
}
