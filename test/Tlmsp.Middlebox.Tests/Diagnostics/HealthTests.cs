using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests.Diagnostics;

/// <summary>Health, and how a host stops in order.</summary>
public class HealthTests
{
    [Fact]
    public async Task A_middlebox_is_live_and_ready_until_it_drains_and_what_is_under_way_comes_to_its_end()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app => app.MapGet("/slow", async () =>
        {
            reached.SetResult();
            await answer.Task;
            return "late";
        }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, options => options.DrainTimeout = TimeSpan.FromSeconds(20), services: services => services.AddHealthChecks().AddTlmspMiddlebox());
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse("1=r,2=r")));
        Assert.Equal((HealthStatus.Healthy, HealthStatus.Healthy), await HealthAsync(middlebox));
        Task<string> slow = client.GetStringAsync("/slow");
        await reached.Task;

        Task stopping = middlebox.StopAsync();
        while ((await HealthAsync(middlebox)).Ready == HealthStatus.Healthy)
        {
            await Task.Delay(10);
        }

        Assert.False(stopping.IsCompleted);
        Assert.Equal((HealthStatus.Healthy, HealthStatus.Unhealthy), await HealthAsync(middlebox));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));
        answer.SetResult();

        Assert.Equal("late", await slow);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task What_does_not_end_is_cut_off_after_the_drain_timeout()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, app => app.MapGet("/never", async (CancellationToken aborted) =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.Infinite, aborted);
        }));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address, options => options.DrainTimeout = TimeSpan.FromMilliseconds(300));
        using HttpClient client = server.Client(tlmsp => tlmsp.Middleboxes.Add(middlebox.Address, Grant.Parse("1=r,2=r")));
        Task<HttpResponseMessage> never = client.GetAsync("/never");
        await reached.Task;

        await middlebox.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAsync<HttpRequestException>(() => never);
    }

    [Fact]
    public async Task A_certificate_that_is_not_valid_now_makes_it_not_ready()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(
            server.Address,
            options => options.Certificate = TestCertificates.Leaf("localhost", validity: TestValidity.Expired),
            services: services => services.AddHealthChecks().AddTlmspMiddlebox());

        Assert.Equal((HealthStatus.Healthy, HealthStatus.Unhealthy), await HealthAsync(middlebox));
    }

    private static async Task<(HealthStatus Live, HealthStatus Ready)> HealthAsync(TestMiddlebox middlebox)
    {
        HealthReport report = await middlebox.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        return (report.Entries["tlmsp_middlebox_live"].Status, report.Entries["tlmsp_middlebox_ready"].Status);
    }
}
