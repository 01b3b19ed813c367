using System.Buffers;
using System.Net.Sockets;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>A record that was changed on its way, after the handshake: it ends its connection with an alert, and no other.</summary>
public class CorruptedRecordTests
{
    private static readonly byte[] s_request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray();

    /// <summary>The byte that is changed (records-keys.md §1.1, §2.1), from the end if negative.</summary>
    [Theory]
    [InlineData(0, TlmspAlert.UnexpectedMessage, Misbehaviour.UnknownRecordType)]
    [InlineData(1, TlmspAlert.ProtocolVersion, Misbehaviour.BadRecordVersion)]
    [InlineData(5, TlmspAlert.DecodeError, Misbehaviour.WrongSessionId)]
    [InlineData(40, TlmspAlert.BadReaderMac, Misbehaviour.BadFragmentTag)]
    [InlineData(-1, TlmspAlert.InternalError, Misbehaviour.BadCheckMac)]
    public async Task Ends_its_connection_with_the_alert_of_what_was_changed(int position, TlmspAlert alert, Misbehaviour misbehaviour)
    {
        await using var bystander = await Bystander.StartAsync();
        await using TlmspPeer peer = await TlmspPeer.ConnectAsync(bystander.Server.Address, []);
        await peer.SendAsync(HttpContexts.Headers, s_request);
        Assert.StartsWith("1: HTTP/1.1 200 OK", await peer.ReceiveTextAsync(), StringComparison.Ordinal);
        var output = new ArrayBufferWriter<byte>();
        peer.Session.Writer.Write(HttpContexts.Headers, s_request, output);
        byte[] record = output.WrittenSpan.ToArray();
        record[position < 0 ? record.Length + position : position] ^= 0x40;

        await peer.Socket.SendAsync(record);

        TlmspException? e = await peer.ReceiveEndAsync();
        Assert.Equal((true, alert), (e?.FromPeer, e?.Alert));
        string line = await bystander.Server.Logs.WaitForLineAsync(misbehaviour.ToString());
        Assert.StartsWith("Debug:", line, StringComparison.Ordinal);
        await bystander.AssertUndisturbedAsync();
    }
}
