using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;

namespace QuickStart;

/// <summary>Times of one client's run through the API.</summary>
internal sealed record Times(TimeSpan FirstRequest, double RequestsPerSecond, double DownloadMBps, double UploadMBps);

/// <summary>Uses the API with an ordinary HttpClient.</summary>
internal static class Drive
{
    public const int Bulk = 20 * 1000 * 1000;
    private const int Requests = 200;
    private const int Parallel = 8;

    public static async Task<Times> RunAsync(HttpClient client, string name, Report report)
    {
        Console.WriteLine($"{name}:");
        long start = Stopwatch.GetTimestamp();
        Order? first = await client.GetFromJsonAsync<Order>("/orders/1");
        TimeSpan firstRequest = Stopwatch.GetElapsedTime(start);
        report.Check("GET /orders/1 returns the order", first is { Article: "left-handed screwdriver", Quantity: 3 });

        using HttpResponseMessage created = await client.PostAsJsonAsync("/orders", new Order(0, "secret sauce", 7));
        Order? order = await created.Content.ReadFromJsonAsync<Order>();
        report.Check("POST /orders answers 201 with the order", created.StatusCode == HttpStatusCode.Created && order is { Article: "secret sauce" });

        string expected = await TestData.HashAsync(Bulk);
        start = Stopwatch.GetTimestamp();
        using HttpResponseMessage export = await client.GetAsync($"/export/{Bulk}", HttpCompletionOption.ResponseHeadersRead);
        string downloaded = Convert.ToHexString(await SHA256.HashDataAsync(await export.Content.ReadAsStreamAsync()));
        double download = Bulk / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
        report.Check("a 20 MB streamed download has the right hash", downloaded == expected);

        start = Stopwatch.GetTimestamp();
        using HttpResponseMessage import = await client.PostAsync("/import", TestData.Content(Bulk));
        string uploaded = await import.Content.ReadAsStringAsync();
        double upload = Bulk / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
        report.Check("a 20 MB streamed upload has the right hash", uploaded == expected);

        start = Stopwatch.GetTimestamp();
        int good = 0;
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (_, cancellationToken) =>
            {
                Order? read = await client.GetFromJsonAsync<Order>("/orders/1", cancellationToken);
                if (read is { Id: 1 })
                {
                    Interlocked.Increment(ref good);
                }
            });
        double rate = Requests / Stopwatch.GetElapsedTime(start).TotalSeconds;
        report.Check($"{Requests} requests over {Parallel} parallel connections all succeed", good == Requests);
        return new Times(firstRequest, rate, download, upload);
    }
}
