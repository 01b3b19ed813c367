using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;
using Bytes = Tlmsp.Tests.Hostile.ContainerBytes;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Containers that are good but for their place: replayed, lost, reordered, reflected, of another session.</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Sequence =>
    [
        .. Displaced("sent twice", (first, second) => [first, first, second]),
        .. Displaced("lost before the next one", (_, second) => [second]),
        .. Displaced("overtaken by the next one", (first, second) => [second, first]),

        new(UnknownAuthor, "client", "a container of the client itself, reflected")
        {
            Then = path =>
            {
                path.ToServer().Replace(RecordType.ApplicationData, record =>
                {
                    path.ToClient().Deliver(record.Bytes);
                    return [record.Bytes];
                });
                path.ClientSends(1, "good"u8);
            },
        },
        new(BadFragmentTag, "client", "a container of a middlebox for the server, reflected")
        {
            Grants = "1=rw",
            Then = path => HostileMiddlebox.Sends(path, 0, (flow, pipe) =>
            {
                flow.Originate(RecordType.ApplicationData, 1, "forged"u8, pipe.Writer);
                pipe.Tamper = bytes =>
                {
                    path.ToClient(0).Deliver(bytes);
                    return null;
                };
            }),
        },
        new(BadFragmentTag, "server", "a container of another session under this session's id")
        {
            Then = path =>
            {
                using InMemoryPath other = new PathOptions("", audited: false).Make().Connect();
                other.ClientSends(1, "forged"u8);
                byte[] theirs = other.ToServer().Writes[^1];
                SendData(path, record =>
                    [.. theirs[..RecordHeader.Size], .. record.Bytes[RecordHeader.Size..record.Head], .. theirs[record.Head..]]);
            },
        },
        new(BadFragmentTag, "server", "an inserted container made to look like the client's")
        {
            Grants = "1=rw",
            Then = path =>
            {
                path.ToServer(1).RewriteData(body => [body[0], (byte)(body[1] & 0x7f), body[2], .. body[5..]]);
                Insert(path);
            },
        },
        new(BadFragmentTag, "server", "a container of the client made to look inserted")
        {
            Grants = "1=rw",
            Then = path => ChangeData(path.ToServer(1), path, body =>
                Bytes.WithMInfo(Bytes.Set(body, Bytes.Nonce, path.MiddleboxHandshakes[0].Self), 0x8000,
                    path.MiddleboxHandshakes[0].Self, 0)),
        },
        new(BadFragmentTag, "server", "65535 containers deleted that were never sent, found with the next one")
        {
            Grants = "1=rw,2=rw",
            Then = path =>
            {
                HostileMiddlebox.SendsDeletion(path, 0, 1, TlmspDialect.Client, 0xff, 0xff);
                Assert.Empty(path.Faults);
                path.MiddleboxHandshakes[0].ServerChannel.Outgoing!.Counter = AfterDeletion(path);
                path.ClientSends(2, "forged"u8);
            },
        },
        new(BadReaderCheckMac, "middlebox 0", "sent twice, before a middlebox without access")
        {
            Grants = "none",
            Then = path =>
            {
                path.ToServer(0).Replace(RecordType.ApplicationData, record => [record.Bytes, record.Bytes]);
                path.ClientSends(1, "good"u8);
            },
        },

        new(EmptyContainerFlood, "server", "empty containers without end")
        {
            Then = path => Flood(path.ClientHandshake.Channel.Outgoing!, path.ToServer(), path),
        },
        new(EmptyContainerFlood, "client", "empty containers without end, through a middlebox")
        {
            Grants = "1=r",
            Then = path => Flood(path.ServerHandshake.Channel.Outgoing!, path.ToClient(1), path),
        },
        new(CounterExhausted, "middlebox 0", "more containers to pass on than its counter can number")
        {
            Grants = "1=rw",
            Then = path =>
            {
                path.Handlers[0, 0] = new HostileMiddlebox.Always(RelayAction.Modify, "changed"u8.ToArray());
                path.MiddleboxHandshakes[0].ServerChannel.Outgoing!.Limit = 5;
                for (int i = 0; i < 4; i++)
                {
                    path.ClientSends(1, "good"u8);
                }

                Assert.Equal(3, path.AtServer.Containers.Count);
            },
        },
    ];

    /// <summary>Two containers of the client, and what becomes of them before the server or a reading middlebox.</summary>
    private static MisbehaviourCase[] Displaced(string what, Func<byte[], byte[], byte[][]> order)
    {
        return
        [
            new(BadFragmentTag, "server", what) { Then = Arrange },
            new(BadFragmentTag, "middlebox 0", what) { Grants = "1=r", Then = Arrange },
            new(BadFragmentTag, "server", $"{what}, in audited contexts") { Audited = true, Then = Arrange },
        ];

        void Arrange(InMemoryPath path)
        {
            byte[] first = [];
            path.ToServer(0).Replace(RecordType.ApplicationData, record =>
            {
                first = record.Bytes;
                return [];
            });
            path.ToServer(0).Replace(RecordType.ApplicationData, record => order(first, record.Bytes));
            path.ClientSends(1, "first"u8);
            path.ClientSends(1, "second"u8);
        }
    }

    /// <summary>The counter of a middlebox that has sent one container, and has claimed 65535 that were deleted.</summary>
    private static SequenceCounter AfterDeletion(InMemoryPath path)
    {
        SequenceCounter counter = path.MiddleboxHandshakes[0].ServerChannel.Outgoing!.Counter;
        counter.Tick();
        counter.Skip(0xffff);
        return counter;
    }

    private static void Flood(OutgoingFlow flow, InMemoryPipe pipe, InMemoryPath path)
    {
        for (int i = 0; i < 40; i++)
        {
            flow.Originate(RecordType.ApplicationData, 1, [], pipe.Writer);
        }

        pipe.Flush();
        path.Pump();
    }
}
