using System.Buffers.Binary;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>What a party that found a fault has written, byte by byte: its last record to each neighbour is one fatal alert, in the form of
/// the phase (records-keys.md §10.1).</summary>
internal static class AlertOnTheWire
{
    private const int ProtectedContainer = 98;

    /// <summary>Checks both sides of a party that reported a fault.</summary>
    /// <param name="path">The path.</param>
    /// <param name="party">Its name.</param>
    /// <param name="relayed">Alerts of the client's side that it passed on before.</param>
    /// <param name="delivered">False when somebody may have damaged the alerts on their way.</param>
    public static void Check(InMemoryPath path, string party, int relayed, bool delivered = true)
    {
        TlmspException fault = path.Faults[party];
        int place = Place(path, party);
        if (place > 0)
        {
            Check(path, place, place - 1, fault, 0, delivered);
        }

        if (place < path.Hops.Length)
        {
            Check(path, place, place + 1, fault, relayed, delivered);
        }
    }

    /// <summary>0 for the client, then the middleboxes, then the server.</summary>
    public static int Place(InMemoryPath path, string party) => party switch
    {
        "client" => 0,
        "server" => path.Hops.Length,
        _ => 1 + int.Parse(party.AsSpan("middlebox ".Length)),
    };

    public static string PartyAt(InMemoryPath path, int place) =>
        place == 0 ? "client" : place == path.Hops.Length ? "server" : $"middlebox {place - 1}";

    private static void Check(InMemoryPath path, int place, int neighbour, TlmspException fault, int relayed, bool delivered)
    {
        bool toServer = neighbour > place;
        InMemoryPipe pipe = toServer ? path.Hops[place].ToServer : path.Hops[neighbour].ToClient;
        byte[][] records = [.. WireRecord.Split(pipe.AllBytes())];
        bool middlebox = place != 0 && place != path.Hops.Length;
        if (middlebox && toServer && records.Length == 0)
        {
            return;     // there is no next hop yet
        }

        string to = PartyAt(path, neighbour);
        Assert.True(records.Length > 0, $"nothing was written to the {to}");
        if (IsClosed(path, place, toServer))
        {
            Assert.Single(records, record => record[0] == (byte)RecordType.Alert);
            Assert.Equal((byte)RecordType.Alert, records[^1][0]);
            return;
        }

        Assert.Equal(1 + relayed, records.Count(record => record[0] == (byte)RecordType.Alert));
        CheckForm(path, place, toServer, records, fault);
        if (delivered && (!path.Faults.TryGetValue(to, out TlmspException? other) || other.FromPeer))
        {
            Assert.True(path.AlertsReceived.ContainsKey(to), $"the {to} got no alert");
            Assert.Equal(fault.Misbehaviour.Alert(), path.AlertsReceived[to]);
        }
    }

    /// <summary>close_notify has gone this way, and nothing may follow it.</summary>
    private static bool IsClosed(InMemoryPath path, int place, bool toServer)
    {
        string party = PartyAt(path, place);
        return path.Closed.Contains(party) || (place > 0 && place < path.Hops.Length && path.Middleboxes[place - 1] is { } session
            && (toServer ? session.ClientToServer : session.ServerToClient).IsClosed);
    }

    private static void CheckForm(InMemoryPath path, int place, bool toServer, byte[][] records, TlmspException fault)
    {
        byte[] alert = records[^1];
        HandshakeChannel channel = place == 0 ? path.ClientHandshake.Channel
            : place == path.Hops.Length ? path.ServerHandshake.Channel
            : toServer ? path.MiddleboxHandshakes[place - 1].ServerChannel : path.MiddleboxHandshakes[place - 1].ClientChannel;
        byte code = (byte)fault.Misbehaviour.Alert();
        bool endpoint = place == 0 || place == path.Hops.Length;
        if (records.Any(record => record[0] == (byte)RecordType.ChangeCipherSpec))
        {
            // Alerts are in context 0, but for those about a container that somebody with its context's keys has made (§10.2).
            bool inContext = endpoint
                && fault.Misbehaviour is Misbehaviour.BadWriterMac or Misbehaviour.BadFragmentTag or Misbehaviour.HttpMappingViolation;
            byte context = inContext ? fault.ContextId : (byte)0;
            int trail = path.ServerHandshake.Path.Contexts.Any(one => one.Id == context && one.Audited) ? 1 : 0;
            int length = TlmspDialect.SessionIdLength + ProtectedContainer + (endpoint ? 0 : 2) + trail;
            Assert.Equal([21, 3, 3, 0, (byte)length, .. Sid(channel.SessionId!.Value), context], alert[..10]);
            Assert.Equal(RecordHeader.Size + length, alert.Length);
        }
        else if (channel.SessionId is not { } sid)
        {
            Assert.Equal([21, 3, 3, 0, 2, 2, code], alert);
        }
        else if (endpoint)
        {
            Assert.Equal([21, 3, 3, 0, 11, .. Sid(sid), 0, 0, 0, 0, 2, 2, code], alert);
        }
        else
        {
            byte self = path.MiddleboxHandshakes[place - 1].Self;
            Assert.Equal([21, 3, 3, 0, 13, .. Sid(sid), 0, 0x80, 0, self, 0, 0, 2, 2, code], alert);
        }
    }

    private static byte[] Sid(uint sid)
    {
        byte[] bytes = new byte[TlmspDialect.SessionIdLength];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, sid);
        return bytes;
    }
}
