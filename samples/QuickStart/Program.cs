using System.Runtime.InteropServices;
using QuickStart;
using Tlmsp;
using Tlmsp.Http;

// An orders API, a client, and two middleboxes between them: one may read heads, the other may read bodies, neither can read the rest.
bool serve = args.Contains("--serve");
var report = new Report();
await using var path = new DemoPath(fixedPorts: serve);
await path.StartAsync();

Times tlmsp;
using (HttpClient client = path.CreateClient())
{
    tlmsp = await Drive.RunAsync(client, "TLMSP through two middleboxes", report);
}

Times https;
using (HttpClient client = path.CreateHttpsClient())
{
    https = await Drive.RunAsync(client, "Plain HTTPS to the same API", report);
}

Testimony head = path.HeaderBox;
Testimony body = path.BodyBox;
Console.WriteLine("What the middleboxes saw:");
report.Check("the header-only middlebox saw request lines", head.RequestLines.Contains("POST /orders HTTP/1.1"));
report.Check("the header-only middlebox saw no body", head.Excerpts.IsEmpty && head.OpaqueContent > 0);
report.Check("the body-only middlebox saw the JSON body", body.Excerpts.Any(text => text.Contains("secret sauce", StringComparison.Ordinal)));
report.Check("the body-only middlebox saw no request line and no field", body.RequestLines.IsEmpty && body.ContentTypes.IsEmpty && body.OpaqueHeads > 0);
TlmspSessionInfo? session = path.SeenByServer;
report.Check("the server knows both middleboxes and what each may do", session is { Middleboxes.Count: 2 }
    && session.Middleboxes[0].Grant.Equals(DemoPath.HeaderOnly) && session.Middleboxes[1].Grant.Equals(DemoPath.BodyOnly));

// Profile four has contexts per direction: a scanner of responses is given no key that opens a request.
Testimony scanner = path.Scanner;
string marker = $"marker-{Guid.NewGuid():N}";
using (HttpClient client = path.CreateScannedClient())
{
    using HttpResponseMessage created = await client.PostAsJsonAsync("/orders", new { Id = 0, Article = marker, Quantity = 1 });
    int before = scanner.Excerpts.Count;
    await client.GetStringAsync("/orders");
    Console.WriteLine();
    Console.WriteLine("What a response-body scanner saw in profile four:");
    report.Check("the scanner saw the bodies of responses", created.IsSuccessStatusCode && scanner.Excerpts.Count > before);
    report.Check("the scanner saw nothing of requests, and no head", scanner.RequestLines.IsEmpty && scanner.ContentTypes.IsEmpty && scanner.OpaqueContent > 0
        && scanner.ContentDirections.All(direction => direction == HttpDirection.Response));
}

const string hidden = "(encrypted)";
Report.Table(
    "Who saw what of POST /orders",
    ["", "request line", "Content-Type", "body"],
    ["client", "POST /orders HTTP/1.1", "application/json; charset=utf-8", "{\"id\":0,\"article\":\"secret sauce\",…"],
    ["header-only middlebox", head.RequestLines.FirstOrDefault(line => line.StartsWith("POST /orders", StringComparison.Ordinal)) ?? hidden,
        head.ContentTypes.FirstOrDefault(type => type.StartsWith("application/json", StringComparison.Ordinal)) ?? hidden, head.Excerpts.FirstOrDefault() ?? hidden],
    ["body-only middlebox", body.RequestLines.FirstOrDefault() ?? hidden, body.ContentTypes.FirstOrDefault() ?? hidden,
        body.Excerpts.FirstOrDefault(text => text.Contains("secret sauce", StringComparison.Ordinal)) is { } seen ? Excerpt(seen) : hidden],
    ["API", "POST /orders HTTP/1.1", "application/json; charset=utf-8", "{\"id\":0,\"article\":\"secret sauce\",…"]);
if (session is not null)
{
    Console.WriteLine($"  path:   client -> {string.Join(" -> ", session.Middleboxes.Select(box => $"{box.Address} ({box.Grant})"))} -> {path.ServerAddress}");
    Console.WriteLine($"  suite:  {session.CipherSuite}, {session.Group}");
}

Report.Table(
    "Timings (one machine, all parties in one process)",
    ["", "TLMSP, 2 middleboxes", "plain HTTPS"],
    ["first request with handshake", $"{tlmsp.FirstRequest.TotalMilliseconds:F0} ms", $"{https.FirstRequest.TotalMilliseconds:F0} ms"],
    ["requests/s, 8 connections", $"{tlmsp.RequestsPerSecond:F0}", $"{https.RequestsPerSecond:F0}"],
    ["download", $"{tlmsp.DownloadMBps:F0} MB/s", $"{https.DownloadMBps:F0} MB/s"],
    ["upload", $"{tlmsp.UploadMBps:F0} MB/s", $"{https.UploadMBps:F0} MB/s"]);
Console.WriteLine(report.Failures == 0 ? "All expectations hold." : $"{report.Failures} expectations FAILED.");

if (serve)
{
    DirectoryInfo folder = Directory.CreateTempSubdirectory("tlmsp-quickstart-");
    string ca = Path.Combine(folder.FullName, "ca.pem");
    File.WriteAllText(ca, path.AuthorityPem + "\n");
    Console.WriteLine();
    Console.WriteLine("Serving until Ctrl+C.");
    Console.WriteLine($"  TLMSP API:              {path.ServerAddress}orders");
    Console.WriteLine($"  header-only middlebox:  {path.HeaderBoxAddress}");
    Console.WriteLine($"  body-only middlebox:    {path.BodyBoxAddress}");
    Console.WriteLine($"  plain HTTPS:            curl --cacert {ca} {path.HttpsAddress}orders");
    Console.WriteLine();
    Console.WriteLine($"  tlmsp get {path.ServerAddress}orders --via {path.HeaderBoxAddress[8..]}=header:r --ca {ca}");
    var stop = new TaskCompletionSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.TrySetResult();
    }

    await stop.Task;
    folder.Delete(recursive: true);
}

return report.Failures == 0 ? 0 : 1;

// A reader without the heads sees chunk framing as well; the table shows the JSON only.
static string Excerpt(string text) => text[text.IndexOf('{', StringComparison.Ordinal)..] is { Length: > 36 } json ? json[..35] + "…" : text;
