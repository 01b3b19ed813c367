using System.Net;

namespace Tlmsp.Client.Tests;

public class Http2RefusalsTests
{
    [Fact]
    public void A_refusal_is_remembered_for_a_while_and_for_its_server_alone()
    {
        var clock = new Clock();
        var refusals = new Http2Refusals(clock);
        refusals.Add(new DnsEndPoint("a.example", 1));

        Assert.True(refusals.Contains(new DnsEndPoint("a.example", 1)));
        Assert.False(refusals.Contains(new DnsEndPoint("a.example", 2)));
        clock.Now += TimeSpan.FromMinutes(4);
        Assert.True(refusals.Contains(new DnsEndPoint("a.example", 1)));
        clock.Now += TimeSpan.FromMinutes(2);
        Assert.False(refusals.Contains(new DnsEndPoint("a.example", 1)));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
