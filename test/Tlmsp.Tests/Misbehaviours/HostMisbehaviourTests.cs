using System.Buffers;
using System.IO.Pipelines;
using Tlmsp.Http;
using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>What only the party that owns the transport, or what lies above the engine, can find out.</summary>
public class HostMisbehaviourTests
{
    [Theory]
    [InlineData(0)]     // before the first byte
    [InlineData(3)]     // inside a record header
    [InlineData(100)]   // inside a record
    [InlineData(-1)]    // between two records
    public async Task A_transport_that_ends_in_the_handshake_is_named_and_no_alert_is_sent(int length)
    {
        var options = new PathOptions("", audited: false);
        var hello = new ArrayBufferWriter<byte>();
        using (var client = new TlmspClientHandshake(options.Client))
        {
            client.Start(hello);
        }

        using var server = new TlmspServerHandshake(options.Server);
        using var transport = new EndedTransport(length < 0 ? hello.WrittenSpan.ToArray() : hello.WrittenSpan[..length].ToArray());
        var fault = await Assert.ThrowsAsync<TlmspException>(
            () => TlmspConnector.HandshakeAsync(server, transport, CancellationToken.None).AsTask());
        Assert.Equal(Misbehaviour.ClosedWithoutNotify, fault.Misbehaviour);
        Assert.Equal(length < 0 ? 4 : 0, WireRecord.Split(transport.Written).Count());
        Assert.DoesNotContain(WireRecord.Split(transport.Written), record => record[0] == (byte)RecordType.Alert);
    }

    [Fact]
    public void A_next_hop_that_is_refused_gives_alert_170()
    {
        using InMemoryPath path = new PathOptions("1=r", audited: false).Make();
        path.ToServer(0).Tamper = hello =>
        {
            var input = new ReadOnlySequence<byte>(hello);
            var unused = new ArrayBufferWriter<byte>();
            Assert.Equal(
                HandshakeStatus.NeedNextHop, path.MiddleboxHandshakes[0].ProcessClient(ref input, path.ToClient(0).Writer, unused));
            path.MiddleboxHandshakes[0].RefuseNextHop(path.ToClient(0).Writer);
            path.ToClient(0).Flush();
            return null;
        };
        path.TryConnect();
        Assert.Equal([21, 3, 3, 0, 2, 2, 170], path.ToClient(0).AllBytes());
        Assert.Equal(Misbehaviour.NextHopRefused.Alert(), path.Faults["client"].Alert);
        Assert.True(path.Faults["client"].FromPeer);
    }

    [Fact]
    public void HTTP_in_the_wrong_context_gives_an_alert_in_that_context()
    {
        using InMemoryPath path = new PathOptions("", audited: false).Make().Connect();
        var receiver = new Joining();
        path.ServerReceiver = receiver;
        path.ClientSends(HttpContexts.Headers, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        Assert.Empty(path.Faults);
        path.ClientSends(HttpContexts.Body, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8);
        Assert.Equal(Misbehaviour.HttpMappingViolation, path.Faults["server"].Misbehaviour);
        Assert.Equal(HttpContexts.Body, path.Faults["server"].ContextId);
        AlertOnTheWire.Check(path, "server", relayed: 0);
        Assert.Equal(27, receiver.Joined.WrittenCount);
    }

    private sealed class Joining : IContainerReceiver
    {
        private readonly HttpJoiner _joiner = new(HttpDirection.Request, new HttpExchangeQueue());

        public ArrayBufferWriter<byte> Joined { get; } = new();

        public void OnContainer(in ReceivedContainer container)
        {
            HttpRole role = HttpProfile.Two.RoleOf(container.ContextId, HttpDirection.Request);
            _joiner.Accept(role, container.ContextId, container.Plaintext, Joined);
        }
    }

    /// <summary>A connection that has brought some bytes, and then ended.</summary>
    private sealed class EndedTransport(byte[] bytes) : ITlmspTransport, IDisposable
    {
        private readonly ArrayBufferWriter<byte> _output = new();

        public PipeReader Input { get; } = PipeReader.Create(new ReadOnlySequence<byte>(bytes));

        public IBufferWriter<byte> Output => _output;

        public byte[] Written => _output.WrittenSpan.ToArray();

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public void Dispose() => Input.Complete();
    }
}
