using System.Buffers;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Records;

/// <summary>A connection ends itself long before a counter could wrap, and can still say so.</summary>
public class CounterLimitTests
{
    [Fact]
    public void The_last_number_is_used_and_none_beyond_it()
    {
        using InMemoryPath path = new PathOptions("", audited: false).Make().Connect();
        OutgoingFlow flow = path.ClientHandshake.Channel.Outgoing!;
        flow.Counter = At((1UL << 32) - 2);
        var output = new ArrayBufferWriter<byte>();
        path.Client!.Writer.Write(1, "last"u8, output);
        Assert.Equal((1UL << 32) - 1, flow.Counter.Value);

        int written = output.WrittenCount;
        for (int i = 0; i < 2; i++)
        {
            var fault = Assert.Throws<TlmspException>(() => path.Client.Writer.Write(1, "one too many"u8, output));
            Assert.Equal(Misbehaviour.CounterExhausted, fault.Misbehaviour);
            Assert.Equal((written, (1UL << 32) - 1), (output.WrittenCount, flow.Counter.Value));
        }
    }

    /// <summary>The limit counts what a delete notice makes the next number skip.</summary>
    [Fact]
    public void A_skip_over_the_limit_counts()
    {
        using InMemoryPath path = new PathOptions("", audited: false).Make().Connect();
        SequenceCounter counter = At((1UL << 32) - 10);
        counter.Skip(10);
        path.ClientHandshake.Channel.Outgoing!.Counter = counter;
        var fault = Assert.Throws<TlmspException>(() => path.Client!.Writer.Write(1, "x"u8, new ArrayBufferWriter<byte>()));
        Assert.Equal(Misbehaviour.CounterExhausted, fault.Misbehaviour);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("1=r|none", false)]
    [InlineData("1=r|none", true)]
    public void The_end_can_still_be_told(string grants, bool orderly)
    {
        using InMemoryPath path = new PathOptions(grants, audited: true).Make().Connect();
        path.ClientHandshake.Channel.Outgoing!.Limit = (ulong)(1 + path.Middleboxes.Length + 2);
        path.ClientSends(1, "one"u8);
        path.ClientSends(1, "two"u8);
        Assert.Throws<TlmspException>(() => path.ClientSends(1, "three"u8));
        if (orderly)
        {
            path.ClientCloses();
            Assert.Empty(path.Faults);
            Assert.True(path.Server!.Reader.IsClosed);
        }
        else
        {
            path.Client!.Writer.WriteAlert(
                TlmspAlertLevel.Fatal, Misbehaviour.CounterExhausted.Alert(), 0, path.ToServer(0).Writer);
            path.ToServer(0).Flush();
            path.Pump();
            TlmspException fault = path.Faults["server"];
            Assert.Equal((Misbehaviour.AlertReceived, TlmspAlert.InternalError), (fault.Misbehaviour, fault.Alert));
        }

        Assert.Equal("onetwo"u8, path.AtServer.Data(1));
    }

    [Fact]
    public void Alerts_without_end_are_no_way_around_the_limit()
    {
        using InMemoryPath path = new PathOptions("", audited: false).Make().Connect();
        path.ClientHandshake.Channel.Outgoing!.Limit = 1;
        int sent = 0;
        var fault = Assert.Throws<TlmspException>(() =>
        {
            for (; sent < 1000; sent++)
            {
                path.Client!.Writer.WriteAlert(TlmspAlertLevel.Warning, TlmspAlert.UserCanceled, 0, new ArrayBufferWriter<byte>());
            }
        });
        Assert.Equal(Misbehaviour.CounterExhausted, fault.Misbehaviour);
        Assert.InRange(sent, 4, 64);
    }

    private static SequenceCounter At(ulong value)
    {
        SequenceCounter counter = default;
        counter.Skip(value);
        counter.Tick();
        return counter;
    }
}
