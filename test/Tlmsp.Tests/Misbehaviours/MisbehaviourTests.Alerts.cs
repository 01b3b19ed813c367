using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Alerts that are malformed, unprotected, out of place or too many (records-keys.md §10).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Alerts =>
    [
        .. PlainAlerts("level 3", [0, 0, 0, 0, 2, 3, 40]),
        .. PlainAlerts("level 0", [0, 0, 0, 0, 2, 0, 40]),
        .. PlainAlerts("three bytes in a container", [0, 0, 0, 0, 3, 2, 40, 0]),
        .. PlainAlerts("one byte", [2]),
        .. PlainAlerts("a container with a byte behind it", [0, 0, 0, 0, 2, 2, 40, 0]),
        .. PlainAlerts("a container that ends inside", [0, 0, 0, 0, 9, 2, 40]),
        .. PlainAlerts("delete indicators beyond the end", [0, 0x40, 0, 9, 200, 0, 2, 2, 40]),
        .. PlainAlerts("a protected container before there are keys", [0, 0, 0, 0, 30, .. new byte[30 + 16 + 47]]),
        new(MalformedAlert, "server", "level 7 before the session id")
        {
            Attack = path => path.ToServer().Replace(HandshakeType.ClientHello, _ => [[21, 3, 1, 0, 2, 7, 40]]),
        },

        .. Unprotected("two bytes", [2, 40]),
        .. Unprotected("close_notify", [1, 0]),
        .. Unprotected("a TLMSPAlert", [TlmspDialect.Client, 2, 40]),
        new(MalformedContainer, "server", "an unprotected container on an established session")
        {
            Then = path => Inject(path, [0, 0, 0, 0, 2, 2, 40]),
        },
        new(MalformedAlert, "server", "two bytes between ChangeCipherSpec and Finished, which the reference takes")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record => [[21, .. record.With([2, 40])[1..]], record.Bytes]),
        },
        new(MalformedAlert, "middlebox 0", "two bytes between ChangeCipherSpec and Finished")
        {
            Grants = "1=r",
            Attack = path => path.ToClient(1).ReplaceProtected(0, record => [[21, .. record.With([2, 40])[1..]], record.Bytes]),
        },
        new(MalformedAlert, "server", "a protected alert of one byte") { Then = path => AlertOf(path, 0, [2]) },
        new(MalformedAlert, "server", "a protected alert of level 9") { Then = path => AlertOf(path, 0, [9, 40]) },
        new(MalformedAlert, "middlebox 0", "a protected alert of three bytes")
        {
            Grants = "1=r",
            Then = path => AlertOf(path, 1, [2, 40, 0]),
        },
        new(MalformedAlert, "server", "two protected alerts in one record of the handshake")
        {
            Attack = path => path.ToServer().ReplaceProtected(0, record =>
            {
                var output = new System.Buffers.ArrayBufferWriter<byte>();
                OutgoingFlow flow = path.ClientHandshake.Channel.Outgoing!;
                flow.Counter = default;
                flow.Originate(RecordType.Alert, 0, [1, 90], output);
                byte[] container = output.WrittenSpan[record.Head..].ToArray();
                return [[21, .. record.With([.. container, .. container])[1..]]];
            }),
        },

        new(CloseNotifyOutsideControl, "server", "close_notify in context 1") { Then = path => AlertOf(path, 1, [1, 0]) },
        new(CloseNotifyOutsideControl, "server", "a fatal close_notify in context 2") { Then = path => AlertOf(path, 2, [2, 0]) },
        new(CloseNotifyOutsideControl, "server", "close_notify of a reader in its context")
        {
            Grants = "1=r",
            Then = path => HostileMiddlebox.Sends(path, 0, (flow, pipe) => flow.Originate(RecordType.Alert, 1, [1, 0], pipe.Writer)),
        },
        new(CloseNotifyOutsideControl, "middlebox 0", "close_notify in context 1")
        {
            Grants = "1=r",
            Then = path => AlertOf(path, 1, [1, 0]),
        },

        new(WarningFlood, "server", "five warnings in a row")
        {
            Then = path => Repeat(5, () => AlertOf(path, 0, [1, 90])),
        },
        new(WarningFlood, "middlebox 0", "five warnings in a row")
        {
            Grants = "none",
            AlertsRelayed = 4,
            Then = path => Repeat(5, () => AlertOf(path, 0, [1, 90])),
        },
        new(WarningFlood, "client", "five warnings in a row in the handshake")
        {
            Attack = path => path.ToClient().Replace(HandshakeType.ServerHelloDone, record => [.. Warnings(record), record.Bytes]),
        },
        new(WarningFlood, "middlebox 0", "five warnings in a row in the handshake")
        {
            Grants = "1=r",
            AlertsRelayed = 4,
            Attack = path => path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record => [.. Warnings(record), record.Bytes]),
        },

        new(DataAfterClose, "server", "data after close_notify")
        {
            Then = path =>
            {
                AlertOf(path, 0, [1, 0]);
                path.ClientSends(1, "forged"u8);
            },
        },
        new(DataAfterClose, "client", "an alert after close_notify")
        {
            Then = path => Repeat(2, () =>
            {
                path.ServerHandshake.Channel.Outgoing!.Originate(RecordType.Alert, 0, [1, 0], path.ToClient().Writer);
                path.ToClient().Flush();
                path.Pump();
            }),
        },
        new(DataAfterClose, "middlebox 0", "data after close_notify")
        {
            Grants = "none",
            AlertsRelayed = 1,
            Then = path =>
            {
                AlertOf(path, 0, [1, 0]);
                path.ClientSends(1, "forged"u8);
            },
        },
    ];

    /// <summary>An alert in the clear inside the handshake, for the client and for a middlebox.</summary>
    private static MisbehaviourCase[] PlainAlerts(string what, byte[] body) =>
    [
        new(MalformedAlert, "client", what)
        {
            Attack = path => path.ToClient().Replace(HandshakeType.ServerHelloDone, record =>
                [[21, .. record.With(body)[1..]], record.Bytes]),
        },
        new(MalformedAlert, "middlebox 0", what)
        {
            Grants = "1=r",
            Attack = path => path.ToServer(0).Replace(HandshakeType.ClientKeyExchange, record =>
                [[21, .. record.With(body)[1..]], record.Bytes]),
        },
    ];

    /// <summary>An alert in the clear on an established session, as the reference takes it.</summary>
    private static MisbehaviourCase[] Unprotected(string what, byte[] body) =>
    [
        new(MalformedAlert, "server", $"{what}, unprotected, on an established session") { Then = path => Inject(path, body) },
        new(MalformedAlert, "middlebox 0", $"{what}, unprotected, on an established session")
        {
            Grants = "1=rw",
            Then = path => Inject(path, body),
        },
    ];

    private static void Inject(InMemoryPath path, byte[] body)
    {
        byte[] head = path.ToServer(0).Writes[^1][..9];
        path.ToServer(0).Deliver(new WireRecord([21, .. head[1..], 0], HasSessionId: true, IsProtected: false).With(body));
        path.Pump();
    }

    /// <summary>The client sends a protected alert with any content.</summary>
    private static void AlertOf(InMemoryPath path, byte contextId, byte[] content)
    {
        path.ClientHandshake.Channel.Outgoing!.Originate(RecordType.Alert, contextId, content, path.ToServer(0).Writer);
        path.ToServer(0).Flush();
        path.Pump();
    }

    private static byte[][] Warnings(WireRecord record) =>
        [.. Enumerable.Repeat((byte[])[21, .. record.With([0, 0, 0, 0, 2, 1, 90])[1..]], 5)];

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++)
        {
            action();
        }
    }
}
