using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>A fatal alert of one party reaches every other as <see cref="Misbehaviour.AlertReceived"/>, and nobody answers it.</summary>
public class FatalAlertTests
{
    private static readonly TlmspAlert s_alert = TlmspAlert.UserCanceled;

    [Theory]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("1=r|none", true)]
    [InlineData("1=r|none", false)]
    public void Of_an_endpoint_on_an_established_session(string grants, bool byClient)
    {
        using InMemoryPath path = new PathOptions(grants, audited: true).Make().Connect();
        InMemoryPipe pipe = byClient ? path.ToServer() : path.Hops[^1].ToClient;
        // A middlebox without access to a context cannot read what is told there.
        byte context = grants.Length == 0 ? (byte)1 : (byte)0;
        (byClient ? path.Client : path.Server)!.Writer.WriteAlert(TlmspAlertLevel.Fatal, s_alert, context, pipe.Writer);
        int before = path.Hops.Sum(hop => hop.ToClient.Writes.Count + hop.ToServer.Writes.Count);
        pipe.Flush();
        path.Pump();

        TlmspException fault = path.Faults[byClient ? "server" : "client"];
        Assert.Equal(Misbehaviour.AlertReceived, fault.Misbehaviour);
        Assert.Equal(s_alert, fault.Alert);
        Assert.Equal(context, fault.ContextId);
        Assert.Single(path.Faults);
        Assert.Equal(1 + path.Middleboxes.Length, path.AlertsReceived.Count);
        Assert.All(path.AlertsReceived.Values, alert => Assert.Equal(s_alert, alert));
        Assert.Equal(path.Hops.Length, path.Hops.Sum(hop => hop.ToClient.Writes.Count + hop.ToServer.Writes.Count) - before);
    }

    /// <summary>In the clear: two bytes, three (an entity first), or a container (records-keys.md §10.1).</summary>
    [Theory]
    [InlineData("", "0228")]
    [InlineData("1=r|none", "0228")]
    [InlineData("", "010228")]
    [InlineData("1=r|none", "010228")]
    [InlineData("", "00000000020228")]
    [InlineData("1=r|none", "00000000020228")]
    [InlineData("1=r|none", "0080000900 00020228")]
    public void In_the_handshake(string grants, string body)
    {
        byte[] alert = Convert.FromHexString(body.Replace(" ", ""));
        using InMemoryPath path = new PathOptions(grants, audited: false).Make();
        path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [[21, .. record.With(alert)[1..]]]);
        path.TryConnect();

        Assert.Equal(1 + path.Middleboxes.Length, path.Faults.Count);
        Assert.All(path.Faults.Values, fault =>
        {
            Assert.Equal(Misbehaviour.AlertReceived, fault.Misbehaviour);
            Assert.Equal(TlmspAlert.HandshakeFailure, fault.Alert);
        });
        Assert.All(path.Hops, hop => Assert.DoesNotContain(WireRecord.Split(hop.ToClient.AllBytes()), record => record[0] == 21));
        Assert.All(path.Hops[1..], hop => Assert.Equal(
            [.. alert], new WireRecord(WireRecord.Split(hop.ToServer.AllBytes()).Last(), HasSessionId: true, IsProtected: false).Body));
    }

    /// <summary>It has no session id, and those behind it, who have one, understand it all the same (handshake.md §10.1).</summary>
    [Theory]
    [InlineData("")]
    [InlineData("1=r|none")]
    public void Of_a_client_that_refuses_ServerHello(string grants)
    {
        using InMemoryPath path = new PathOptions(grants, audited: false).Make();
        path.ToClient(0).Replace(HandshakeType.ServerHello, _ => [[21, 3, 3, 0, 2, 2, 40]]);
        path.ToServer(0).Replace(HandshakeType.ClientHello, record => [record.Bytes, [21, 3, 3, 0, 2, 2, 90]]);
        path.TryConnect();
        Assert.All(path.Faults.Values, fault => Assert.Equal(Misbehaviour.AlertReceived, fault.Misbehaviour));
        Assert.Equal(TlmspAlert.UserCanceled, path.Faults["server"].Alert);
    }

    /// <summary>close_notify in the handshake is the end of it, as the first connection of a discovery has it.</summary>
    [Fact]
    public void Close_notify_in_the_handshake_ends_it()
    {
        using InMemoryPath path = new PathOptions("1=r", audited: false).Make();
        path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [[21, .. record.With([0, 0, 0, 0, 2, 1, 0])[1..]]]);
        path.TryConnect();
        Assert.Equal(["middlebox 0", "server"], path.Faults.Keys);
        Assert.All(path.Faults.Values, fault =>
            Assert.Equal((Misbehaviour.AlertReceived, TlmspAlert.CloseNotify), (fault.Misbehaviour, fault.Alert)));
    }

    /// <summary>Warnings have no effect. A middlebox that passes one on counts it, or the next record would not verify.</summary>
    [Fact]
    public void Warnings_have_no_effect()
    {
        using InMemoryPath path = new PathOptions("1=r|1=rw", audited: false).Make();
        path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record =>
            [[21, .. record.With([0, 0, 0, 0, 2, 1, 90])[1..]], record.Bytes]);
        int sent = 0;
        path.ToServer(0).Tamper = Before(path.ToServer(0).Tamper!, chunk =>
        {
            // The client's last flight: a warning between ChangeCipherSpec and Finished, which then has the next number.
            if (chunk[0] != (byte)RecordType.ChangeCipherSpec || sent++ > 0)
            {
                return chunk;
            }

            OutgoingFlow flow = path.ClientHandshake.Channel.Outgoing!;
            flow.Counter = default;
            var output = new System.Buffers.ArrayBufferWriter<byte>();
            path.ClientHandshake.Channel.WriteChangeCipherSpec(output);
            flow.Originate(RecordType.Alert, 0, [1, 90], output);
            ulong number = 0;
            foreach (byte[] bytes in WireRecord.Split(chunk).Skip(1))
            {
                var record = new WireRecord(bytes, HasSessionId: true, IsProtected: true);
                System.Buffers.BuffersExtensions.Write(
                    output, Forge.Reseal(path, toServer: true, record, number, message => message, newSequence: number + 1));
                number++;
            }

            for (ulong i = 0; i < number; i++)
            {
                SequenceCounter next = flow.Counter;
                next.Tick();
                flow.Counter = next;
            }

            return output.WrittenSpan.ToArray();
        });
        path.Connect();
        path.ClientSends(1, "after"u8);
        Assert.Empty(path.Faults);
        Assert.Equal("after"u8, path.AtServer.Data(1));
    }

    private static Func<byte[], byte[]?> Before(Func<byte[], byte[]?> tamper, Func<byte[], byte[]> first) => chunk => tamper(first(chunk));
}
