using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Listeners;

/// <summary>Several listeners in one host: each serves for itself, and what is wrong with one is said with its name.</summary>
public class ListenersTests
{
    private static readonly Uri s_nowhere = new("https://localhost:1");

    public static TheoryData<string, string> Problems => new()
    {
        { "an address for all", "Address and Listeners are both set. Move Address 'waf.example:7001' into one of the Listeners" },
        { "an end point for all", "ListenEndPoint and Listeners are both set. Move ListenEndPoint '127.0.0.1:7001' into one of" },
        { "no address", "Listeners:Internal: Address is ''. Set it to what clients list, such as waf.example:7001." },
        { "no certificate", "Certificate is not set. Set a certificate with a private key." },
        { "no private key", "Listeners:Internal: The certificate 'CN=test 127.0.0.1' has no private key" },
        { "no connections", "Listeners:Internal: MaxConnections is 0. Set it to 1 or more, or remove it." },
        { "the same end point", "Listeners:Internal and Listeners:Public would both listen on port " },
        { "every interface", "Listeners:Internal and Listeners:Public would both listen on port " },
        { "every interface by default", "Listeners:Internal and Listeners:Public would both listen on port " },
    };

    [Fact]
    public async Task Each_listener_serves_under_its_own_address_with_its_own_certificate()
    {
        var two = new TwoListeners();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, two.Configure);
        var shown = new List<string?>();
        using HttpClient first = TwoListeners.Client(server, two.Public, shown);
        using HttpClient second = TwoListeners.Client(server, two.Internal, shown);

        Assert.Equal("hello", await first.GetStringAsync("/hello"));
        Assert.Equal("hello", await second.GetStringAsync("/hello"));

        Assert.Equal([two.PublicCertificate.Thumbprint, two.InternalCertificate.Thumbprint], shown);
        string lines = string.Join('\n', middlebox.Logs.Lines);
        Assert.Contains($"{two.Public} is listening on 127.0.0.1:{two.PublicPort} (listener Public).", lines, StringComparison.Ordinal);
        Assert.Contains(
            $"{two.Internal} is listening on 127.0.0.1:{two.InternalPort} (listener Internal).", lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listener_refuses_the_address_of_another()
    {
        var two = new TwoListeners();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
        {
            two.Configure(options);
            options.Listeners["Public"].Address = two.Internal;     // and listens where clients of another address come
            options.Listeners["Internal"].Address = two.Public;
        });

        await TwoListeners.AssertRefusesAsync(server, two.Public);
        await TwoListeners.AssertRefusesAsync(server, two.Internal);
    }

    [Fact]
    public async Task The_certificate_of_the_host_is_for_listeners_without_their_own()
    {
        var two = new TwoListeners();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
        {
            two.Configure(options);
            options.Certificate = options.Listeners["Public"].Certificate;
            options.Listeners["public"].Certificate = null;
        });

        await TwoListeners.AssertServesAsync(server, two.Public);
        await TwoListeners.AssertServesAsync(server, two.Internal);
        Assert.DoesNotContain(middlebox.Logs.Lines, line => line.Contains("does not name", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_that_does_not_fit_is_warned_about_with_the_name_of_its_listener()
    {
        var two = new TwoListeners();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(s_nowhere, options =>
        {
            two.Configure(options);
            options.Listeners["Internal"].Certificate = two.PublicCertificate;
        });

        string warning = Assert.Single(middlebox.Logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains(
            $"The certificate of listener Internal of TLMSP middlebox {two.Internal} does not name 127.0.0.1",
            warning, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Problems))]
    public async Task What_is_wrong_with_listeners_is_said_at_start_up(string problem, string message)
    {
        var two = new TwoListeners();

        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(
            () => TestMiddlebox.StartAsync(s_nowhere, options =>
            {
                two.Configure(options);
                Spoil(options, problem);
            }));

        Assert.StartsWith(message, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listener_that_cannot_be_bound_keeps_the_host_from_starting_and_the_others_are_released()
    {
        using var occupied = new TcpListenerOwner();
        var two = new TwoListeners();

        IOException e = await Assert.ThrowsAsync<IOException>(() => TestMiddlebox.StartAsync(s_nowhere, options =>
        {
            two.Configure(options);
            options.Listeners["Public"].ListenEndPoint = (IPEndPoint)occupied.Listener.LocalEndpoint;
        }));

        Assert.StartsWith(
            $"Listener Public of TLMSP middlebox {two.Public} cannot listen on 127.0.0.1:{occupied.Address.Port}: ",
            e.Message, StringComparison.Ordinal);
        TwoListeners.AssertIsFree(two.InternalPort);
    }

    [Fact]
    public async Task Each_listener_has_its_own_number_of_connections()
    {
        var two = new TwoListeners();
        await using TestServer server = await TwoListeners.StartServerAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
        {
            two.Configure(options);
            options.Listeners["Public"].MaxConnections = 1;
        });
        using HttpClient first = TwoListeners.Client(server, two.Public);
        using HttpClient second = TwoListeners.Client(server, two.Public);
        Assert.Equal("hello", await first.GetStringAsync("/hello"));
        Task<string> waiting = second.GetStringAsync("/hello");

        using HttpClient third = TwoListeners.Client(server, two.Internal);
        using HttpClient fourth = TwoListeners.Client(server, two.Internal);
        Assert.Equal("hello", await third.GetStringAsync("/hello"));
        Assert.Equal("hello", await fourth.GetStringAsync("/hello"));

        Assert.False(waiting.IsCompleted);
        first.Dispose();
        Assert.Equal("hello", await waiting);
    }

    [Fact]
    public async Task What_is_under_way_on_any_listener_comes_to_its_end_when_the_host_stops()
    {
        var two = new TwoListeners();
        using var reached = new SemaphoreSlim(0);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TwoListeners.StartServerAsync(app => app.MapGet("/slow", async () =>
        {
            reached.Release();
            await answer.Task;
            return "late";
        }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, options =>
        {
            two.Configure(options);
            options.DrainTimeout = TimeSpan.FromSeconds(20);
        });
        using HttpClient first = TwoListeners.Client(server, two.Public);
        using HttpClient second = TwoListeners.Client(server, two.Internal);
        Task<string>[] slow = [first.GetStringAsync("/slow"), second.GetStringAsync("/slow")];
        await reached.WaitAsync();
        await reached.WaitAsync();

        Task stopping = middlebox.StopAsync();
        await middlebox.Logs.WaitForLineAsync($"does not listen on 127.0.0.1:{two.PublicPort} any more (listener Public).");
        await middlebox.Logs.WaitForLineAsync($"does not listen on 127.0.0.1:{two.InternalPort} any more (listener Internal).");
        TwoListeners.AssertIsFree(two.PublicPort);
        TwoListeners.AssertIsFree(two.InternalPort);
        Assert.False(stopping.IsCompleted);
        answer.SetResult();

        Assert.Equal(["late", "late"], await Task.WhenAll(slow));
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static void Spoil(TlmspMiddleboxHostOptions options, string problem)
    {
        TlmspMiddleboxListenerOptions listener = options.Listeners["Internal"];
        switch (problem)
        {
            case "an address for all":
                options.Address = "waf.example:7001";
                break;
            case "an end point for all":
                options.ListenEndPoint = new IPEndPoint(IPAddress.Loopback, 7001);
                break;
            case "no address":
                listener.Address = null;
                break;
            case "no certificate":
                listener.Certificate = null;
                break;
            case "no private key":
                listener.Certificate = X509CertificateLoader.LoadCertificate(listener.Certificate!.RawData);
                break;
            case "no connections":
                listener.MaxConnections = 0;
                break;
            case "the same end point":
                listener.ListenEndPoint = options.Listeners["Public"].ListenEndPoint;
                break;
            case "every interface":
                listener.ListenEndPoint = new IPEndPoint(IPAddress.Any, options.Listeners["Public"].ListenEndPoint!.Port);
                break;
            case "every interface by default":
                listener.Address = options.Listeners["Public"].Address;
                listener.ListenEndPoint = null;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(problem));
        }
    }
}
