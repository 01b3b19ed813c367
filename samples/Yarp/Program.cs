using System.Security.Cryptography;
using Tlmsp.Client;
using Yarp.ReverseProxy.Forwarder;
using YarpSample;

int failures = 0;
await using var parties = new Parties();
await ForwardOverTlmspAsync();
await FrontPlainTlsAsync();
Console.WriteLine(failures == 0 ? "Everything works." : $"{failures} FAILED.");
return failures == 0 ? 0 : 1;

// Clients speak HTTPS to YARP, which forwards over TLMSP, through a middlebox that reads heads.
async Task ForwardOverTlmspAsync()
{
    (int proxy, int backend) = (Parties.FreePort(), Parties.FreePort());
    await parties.StartAsync(backend, parties.Tlmsp, app => app.MapBackend());
    string middlebox = await parties.StartMiddleboxAsync(backend);
    await parties.StartAsync(proxy, parties.Https, app => app.MapReverseProxy(), services =>
    {
        services.AddReverseProxy().LoadFromMemory(Parties.To(backend).Routes, Parties.To(backend).Clusters);
        services.AddSingleton<IForwarderHttpClientFactory>(new TlmspForwarding(tlmsp => parties.TlmspThrough(middlebox, tlmsp)));
    });
    Console.WriteLine("client -- HTTPS --> YARP -- TLMSP --> middlebox --> backend");
    using var client = new HttpClient(parties.HttpsHandler()) { BaseAddress = new Uri($"https://localhost:{proxy}") };
    await CheckAsync(client, "over TLMSP through 1 middlebox");
}

// Clients speak TLMSP, through a middlebox, to Kestrel with YARP, in front of a backend that knows TLS alone.
async Task FrontPlainTlsAsync()
{
    (int proxy, int backend) = (Parties.FreePort(), Parties.FreePort());
    await parties.StartAsync(backend, parties.Https, app => app.MapBackend());
    await parties.StartAsync(proxy, parties.Tlmsp, app => app.MapReverseProxy(), services => services
        .AddReverseProxy()
        .LoadFromMemory(Parties.To(backend).Routes, Parties.To(backend).Clusters)
        .ConfigureHttpClient((_, handler) => handler.SslOptions.CertificateChainPolicy = parties.ChainPolicy()));
    string middlebox = await parties.StartMiddleboxAsync(proxy);
    Console.WriteLine("client -- TLMSP --> middlebox --> YARP -- HTTPS --> backend");
    using var client = new HttpClient(new TlmspHandler(tlmsp => parties.TlmspThrough(middlebox, tlmsp))) { BaseAddress = new Uri($"https://localhost:{proxy}") };
    await CheckAsync(client, "over TLS");
}

async Task CheckAsync(HttpClient client, string expected)
{
    long before = parties.HeadsSeen;
    string answer = await client.GetStringAsync("/hello");
    Check($"the backend was reached: {answer}", answer.EndsWith(expected, StringComparison.Ordinal));
    byte[] content = RandomNumberGenerator.GetBytes(3_000_000);
    using HttpResponseMessage echo = await client.PostAsync("/echo", new ByteArrayContent(content));
    byte[] echoed = await echo.Content.ReadAsByteArrayAsync();
    Check("3 MB go there and back", content.AsSpan().SequenceEqual(echoed));
    long seen = parties.HeadsSeen - before;
    Check($"the middlebox read {seen} heads", seen >= 4);
}

void Check(string what, bool holds)
{
    Console.WriteLine($"  [{(holds ? "ok" : "FAILED")}] {what}");
    failures += holds ? 0 : 1;
}
