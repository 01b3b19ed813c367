using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>
/// Two handshakes of the same client, middlebox and server at the same time, and an attacker between them who gives each what belongs to
/// the other. The middlebox even has the same id in both.
/// </summary>
public sealed class CrossedSessionsTests : IDisposable
{
    private readonly InMemoryPath[] _sessions = [Make(), Make()];
    private readonly Dictionary<(int Session, InMemoryPipe Pipe), List<WireRecord>> _held = [];

    public void Dispose() => Array.ForEach(_sessions, session => session.Dispose());

    [Fact]
    public void Sessions_that_are_only_held_up_complete()
    {
        Cross(_ => false, path => [path.ToClient(0), path.ToServer(1)]);
        Assert.All(_sessions, session =>
        {
            session.ClientSends(1, "mine"u8);
            Assert.Equal("mine"u8, session.AtServer.Data(1));
            Assert.Empty(session.Faults);
        });
        Assert.NotEqual(_sessions[0].Client!.Info.SessionId, _sessions[1].Client!.Info.SessionId);
    }

    [Fact]
    public void Key_shares_alone_are_signed_with_other_randoms()
    {
        Cross(record => record.Message == HandshakeType.MiddleboxKeyExchange, path => [path.ToClient(0), path.ToServer(1)]);
        Assert.All(_sessions, session =>
        {
            Assert.Equal(Misbehaviour.BadMiddleboxKeyExchangeSignature, session.Faults["client"].Misbehaviour);
            Assert.Equal(Misbehaviour.BadMiddleboxKeyExchangeSignature, session.Faults["server"].Misbehaviour);
        });
    }

    /// <summary>The signatures are good then, and the middlebox is who it says: but it has other keys in this session.</summary>
    [Fact]
    public void Whole_flights_lead_to_other_keys()
    {
        Cross(_ => true, path => [path.ToClient(0), path.ToServer(1)]);
        Assert.All(_sessions, session => Assert.Equal(Misbehaviour.BadKeyMaterialTag, session.Faults["middlebox 0"].Misbehaviour));
    }

    [Fact]
    public void A_whole_flight_towards_the_server_alone_leads_to_other_keys()
    {
        // What the client sends meanwhile waits behind the flight.
        Cross(IsFlight, path => [path.ToServer(1)], record => record.Message != HandshakeType.ClientHello);
        Assert.All(_sessions, session => Assert.Equal(Misbehaviour.BadKeyMaterialTag, session.Faults["server"].Misbehaviour));
    }

    /// <summary>Now each middlebox gets contributions from the client that shares its key; only the client's random differs.</summary>
    [Fact]
    public void Whole_flights_and_the_clients_answers_are_bound_to_the_clients_random()
    {
        Hold(path => [path.ToServer(0)], IsAnswer);
        Cross(_ => true, path => [path.ToClient(0), path.ToServer(1)]);
        Assert.All(_sessions, session => Assert.Empty(session.Faults));
        Release(path => [path.ToServer(0)], _ => true);
        Assert.All(_sessions, session => Assert.Equal(Misbehaviour.BadKeyMaterialTag, session.Faults["middlebox 0"].Misbehaviour));
    }

    private static bool IsAnswer(WireRecord record) => record.Message
        is HandshakeType.ClientKeyExchange or HandshakeType.MiddleboxKeyMaterial;

    private static bool IsFlight(WireRecord record) => record.Message
        is HandshakeType.MiddleboxHello or HandshakeType.MiddleboxCertificate
        or HandshakeType.MiddleboxKeyExchange or HandshakeType.MiddleboxHelloDone;

    private static InMemoryPath Make()
    {
        var options = new PathOptions("1=rw,2=r", audited: false);
        options.Client.Random = new OneId();
        return options.Make();
    }

    /// <summary>Holds both flights back until both middleboxes have spoken, then delivers to each session its own or the other's.</summary>
    private void Cross(
        Func<WireRecord, bool> isCrossed, Func<InMemoryPath, InMemoryPipe[]> pipes, Func<WireRecord, bool>? isHeld = null)
    {
        Hold(pipes, isHeld ?? IsFlight);
        Array.ForEach(_sessions, session => session.TryConnect());
        Release(pipes, isCrossed);
    }

    private void Hold(Func<InMemoryPath, InMemoryPipe[]> pipes, Func<WireRecord, bool> isHeld)
    {
        for (int i = 0; i < _sessions.Length; i++)
        {
            foreach (InMemoryPipe pipe in pipes(_sessions[i]))
            {
                List<WireRecord> held = _held[(i, pipe)] = [];
                RecordTap.On(pipe).Always(isHeld, record =>
                {
                    held.Add(record);
                    return [];
                });
            }
        }
    }

    private void Release(Func<InMemoryPath, InMemoryPipe[]> pipes, Func<WireRecord, bool> isCrossed)
    {
        for (int i = 0; i < _sessions.Length; i++)
        {
            InMemoryPipe[] own = pipes(_sessions[i]);
            InMemoryPipe[] others = pipes(_sessions[1 - i]);
            for (int p = 0; p < own.Length; p++)
            {
                List<WireRecord> theirs = _held[(1 - i, others[p])];
                foreach ((WireRecord record, WireRecord other) in _held[(i, own[p])].Zip(theirs))
                {
                    own[p].Deliver(isCrossed(record) ? record.With(other.Body) : record.Bytes);
                }
            }
        }

        Array.ForEach(_sessions, session => session.Pump());
    }

    /// <summary>Gives the one middlebox the same id in every session, and is random otherwise.</summary>
    private sealed class OneId : TlmspRandom
    {
        public override void Fill(Span<byte> buffer)
        {
            if (buffer.Length == 1)
            {
                buffer[0] = 0x6b;
            }
            else
            {
                System.Fill(buffer);
            }
        }
    }
}
