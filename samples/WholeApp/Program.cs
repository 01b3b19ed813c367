using System.Net;
using Tlmsp.Client;
using WholeApp;
using WholeApp.App;
using WholeApp.Client;

// An ordinary ASP.NET Core application, first over HTTPS and then over TLMSP through a middlebox that reads heads. The two lines that make
// the difference are marked; nothing under App/ or in the features of Client/ knows of them.
await using var parties = new Parties();
WebApplicationBuilder builder = WebApplication.CreateBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, parties.HttpsPort, listen => listen.UseHttps(parties.Certificate));
    kestrel.Listen(IPAddress.Loopback, parties.TlmspPort, listen => listen.UseTlmsp(parties.Certificate, parties.Server));    // the server's line
});
WebApplication app = builder.Build();
app.MapNotes();
app.MapFiles();
app.MapEvents();
app.MapEcho();
app.MapCalculator();
await app.StartAsync();
await parties.StartMiddleboxAsync();

(string Name, int Port, Version Version, Func<HttpMessageHandler> Handler)[] transports =
[
    ("HTTPS, HTTP/1.1", parties.HttpsPort, HttpVersion.Version11, parties.HttpsHandler),
    ("HTTPS, HTTP/2", parties.HttpsPort, HttpVersion.Version20, parties.HttpsHandler),
    ("TLMSP, HTTP/1.1", parties.TlmspPort, HttpVersion.Version11, () => new TlmspHandler(parties.ClientWithTunnels)),     // the client's line
    ("TLMSP, HTTP/2", parties.TlmspPort, HttpVersion.Version20, () => new TlmspHandler(parties.Client)),
];
int failures = 0;
Console.WriteLine($"{"",-36}{string.Concat(transports.Select(transport => $"{transport.Name,-17}"))}".TrimEnd());
var columns = new List<string[]>();
foreach ((string _, int port, Version version, Func<HttpMessageHandler> make) in transports)
{
    using HttpMessageHandler handler = make();
    using var client = new HttpClient(handler)
    {
        BaseAddress = new Uri($"https://localhost:{port}"),
        DefaultRequestVersion = version,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };
    columns.Add([.. await Task.WhenAll(Features.All.Select(feature => TryAsync(feature, client, handler, version)))]);
}

for (int row = 0; row < Features.All.Count; row++)
{
    Console.WriteLine($"{Features.All[row].Name,-36}{string.Concat(columns.Select(column => $"{column[row],-17}"))}".TrimEnd());
}

Console.WriteLine($"The middlebox read {parties.HeadsSeen} heads and no content.");
failures += parties.HeadsSeen == 0 ? 1 : 0;
Console.WriteLine(failures == 0 ? "Everything works the same." : $"{failures} FAILED.");
await app.StopAsync();
return failures == 0 ? 0 : 1;

async Task<string> TryAsync(Feature feature, HttpClient client, HttpMessageHandler handler, Version version)
{
    if (version == HttpVersion.Version11 ? !feature.OverHttp11 : !feature.OverHttp2)
    {
        return "-";
    }

    try
    {
        if (await feature.WorksAsync(client, handler))
        {
            return "ok";
        }
    }
    catch (Exception e)
    {
        Console.Error.WriteLine($"{feature.Name}: {e.Message}");
    }

    Interlocked.Increment(ref failures);
    return "FAILED";
}
