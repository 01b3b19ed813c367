using System.Buffers;
using Tlmsp.TestSupport;

namespace Tlmsp.Tests;

/// <summary>A middlebox that may delete holds the keys of one that may write: the endpoints hold it to less (http-mapping §13).</summary>
public class DeleteGrantTests
{
    private static readonly Grant DeleteOnly = Grant.Read(1) + Grant.Delete(2);

    [Theory]
    [InlineData(RelayAction.Forward)]
    [InlineData(RelayAction.Delete)]
    public void It_may_forward_and_delete(RelayAction action)
    {
        using InMemoryPath path = Make(atClient: true, atServer: true).Connect();
        Act(path, action);
        path.ClientSends(2, "content"u8);
        path.ServerSends(2, "content"u8);

        Assert.Empty(path.Faults);
        Assert.Equal(DeleteOnly, path.Client!.Info.Middleboxes[0].Grant);
        Assert.Equal(DeleteOnly, path.Server!.Info.Middleboxes[0].Grant);
        Assert.All([path.AtServer, path.AtClient], at => Assert.Equal(action == RelayAction.Delete, Assert.Single(at.Containers).Deleted));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_may_not_change_anything_and_either_end_notices(bool atClient)
    {
        using InMemoryPath path = Make(atClient, !atClient).Connect();
        Act(path, RelayAction.Modify);
        // First towards the end that was told that it may write, which takes what it wrote.
        if (atClient)
        {
            path.ClientSends(2, "content"u8);
            path.ServerSends(2, "content"u8);
        }
        else
        {
            path.ServerSends(2, "content"u8);
            path.ClientSends(2, "content"u8);
        }

        KeyValuePair<string, TlmspException> fault = Assert.Single(path.Faults, fault => !fault.Value.FromPeer);
        Assert.Equal(atClient ? "client" : "server", fault.Key);
        Assert.Equal(Misbehaviour.NotPermitted, fault.Value.Misbehaviour);
        Assert.Empty((atClient ? path.AtClient : path.AtServer).Containers);
        Assert.Equal("changed"u8, (atClient ? path.AtServer : path.AtClient).Data(2));
    }

    [Fact]
    public void It_may_not_insert_anything()
    {
        using InMemoryPath path = Make(atClient: true, atServer: true).Connect();
        path.Middleboxes[0]!.ClientToServer.Insert(2, "more"u8, path.Hops[1].ToServer.Writer);
        path.Hops[1].ToServer.Flush();
        path.Pump();

        Assert.Equal(Misbehaviour.NotPermitted, path.Faults["server"].Misbehaviour);
        Assert.Empty(path.AtServer.Containers);
    }

    [Fact]
    public void It_needs_an_audited_context()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(TestPaths.Client(audited: false, DeleteOnly).Validate);
        Assert.Contains("Audit the context", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2=rw")]
    [InlineData("2=rd")]
    public void It_needs_to_be_alone(string other)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(TestPaths.Client(audited: true, DeleteOnly, Grant.Parse(other)).Validate);
        Assert.Contains(TestPaths.MiddleboxAddress(1).Text, e.Message, StringComparison.Ordinal);
        TestPaths.Client(audited: true, DeleteOnly, Grant.Read(2)).Validate();
    }

    [Fact]
    public void A_server_can_only_turn_write_into_delete()
    {
        TlmspServerOptions server = TestPaths.Server();
        server.EffectiveGrant = _ => Grant.Read(1);
        using var path = new InMemoryPath(TestPaths.Client(audited: true, DeleteOnly), server, TestPaths.Middlebox(0));

        Assert.Throws<InvalidOperationException>(path.TryConnect);
    }

    [Theory]
    [InlineData(false, "2=r", "Audit the context")]
    [InlineData(true, "2=rw", "could not be told apart")]
    public void A_server_that_could_not_hold_it_to_that_refuses_the_list(bool audited, string other, string reason)
    {
        TlmspServerOptions server = TestPaths.Server();
        server.EffectiveGrant = middlebox => middlebox.Address == TestPaths.MiddleboxAddress(0) ? DeleteOnly : middlebox.Grant;
        using var path = new InMemoryPath(
            TestPaths.Client(audited, Grant.Read(1) + Grant.Write(2), Grant.Parse(other)), server, TestPaths.Middlebox(0), TestPaths.Middlebox(1));
        path.TryConnect();

        Assert.Equal(Misbehaviour.MiddleboxListRefused, path.Faults["server"].Misbehaviour);
        Assert.Contains(reason, path.Faults["server"].Message, StringComparison.Ordinal);
    }

    private static InMemoryPath Make(bool atClient, bool atServer)
    {
        TlmspServerOptions server = TestPaths.Server();
        server.EffectiveGrant = middlebox => atServer ? DeleteOnly : middlebox.Grant;
        return new InMemoryPath(
            TestPaths.Client(audited: true, atClient ? DeleteOnly : Grant.Read(1) + Grant.Write(2)), server, TestPaths.Middlebox(0));
    }

    private static void Act(InMemoryPath path, RelayAction action)
    {
        path.Handlers[0, 0] = new Actor(action);
        path.Handlers[0, 1] = new Actor(action);
    }

    private sealed class Actor(RelayAction action) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (container.IsAlert)
            {
                return RelayAction.Forward;
            }

            if (action == RelayAction.Modify)
            {
                replacement.Write("changed"u8);
            }

            return action;
        }
    }
}
