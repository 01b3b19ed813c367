using System.Runtime.CompilerServices;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests;

/// <summary>What is left of a connection is its session: a connection may idle for days, a handshake is large.</summary>
public class SessionLifetimeTests
{
    [Fact]
    public void A_session_does_not_hold_on_to_its_handshake()
    {
        (IDisposable[] sessions, WeakReference[] handshakes) = Connect();

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.Equal(3, handshakes.Length);
        Assert.All(handshakes, handshake => Assert.False(handshake.IsAlive));
        Assert.All(sessions, session => session.Dispose());
    }

    [Fact]
    public void Released_sessions_of_every_party_go_on()
    {
        using InMemoryPath path = TestPaths.Make(audited: true, Grant.Read(1, 2), Grant.Parse("1=rw")).Connect();
        for (int i = 0; i < 3; i++)
        {
            path.ClientSends(1, [(byte)i]);
            path.ServerSends(2, [(byte)i]);
            path.Client!.Release();
            path.Server!.Release();
            foreach (TlmspMiddleboxSession? middlebox in path.Middleboxes)
            {
                middlebox!.Release();
            }
        }

        Assert.Empty(path.Faults);
        Assert.Equal([0, 1, 2], path.AtServer.Data(1));
        Assert.Equal([0, 1, 2], path.AtClient.Data(2));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (IDisposable[] Sessions, WeakReference[] Handshakes) Connect()
    {
        InMemoryPath path = TestPaths.Make(audited: false, Grant.Read(1)).Connect();
        return (
            [path.Client!, path.Server!, path.Middleboxes[0]!],
            [new WeakReference(path.ClientHandshake), new WeakReference(path.ServerHandshake), new WeakReference(path.MiddleboxHandshakes[0])]);
    }
}
