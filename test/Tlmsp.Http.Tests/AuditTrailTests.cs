using Tlmsp.TestSupport;

namespace Tlmsp.Http.Tests;

/// <summary>Which messages a trail knows of, and for how long.</summary>
public class AuditTrailTests
{
    [Fact]
    public void The_current_message_is_the_one_that_the_reader_has_consumed_up_to()
    {
        using InMemoryPath path = TestPaths.Make(audited: true).Connect();
        var trail = new HttpAuditTrail(path.Server!.Info, HttpProfile.Two, HttpDirection.Request);
        Assert.Equal(-1, trail.Current);
        trail.OnMessageEnd(10);
        trail.OnMessageEnd(25);

        trail.OnConsumed(1);
        Assert.Equal(0, trail.Current);
        trail.OnConsumed(9);
        Assert.Equal(0, trail.Current);
        trail.OnConsumed(1);
        Assert.Equal(1, trail.Current);
        trail.OnConsumed(14);
        Assert.Equal(1, trail.Current);
        trail.OnConsumed(1);
        Assert.Equal(2, trail.Current);
        Assert.Equal((true, false), (trail.Of(1).IsComplete, trail.Of(2).IsComplete));
    }

    /// <summary>A middlebox that changes every message of a long connection must not make an endpoint remember them all.</summary>
    [Fact]
    public void What_is_long_over_is_forgotten()
    {
        using InMemoryPath path = TestPaths.Make(audited: true, Grant.Write(HttpContexts.Headers)).Connect();
        TlmspSessionInfo session = path.Server!.Info;
        var trail = new HttpAuditTrail(session, HttpProfile.Two, HttpDirection.Request);
        for (int message = 0; message <= HttpExchangeQueue.Capacity + 1; message++)
        {
            trail.Record(message, session.Middleboxes[0].Id, TlmspAuditAction.Changed, HttpMessagePart.Head);
            trail.OnMessageEnd(message + 1);
            trail.OnConsumed(1);
        }

        Assert.Equal(TlmspAuditVerdict.Touched, trail.Of(HttpExchangeQueue.Capacity + 1).Verdict);
        Assert.Equal(TlmspAuditVerdict.Touched, trail.Of(1).Verdict);
        Assert.Equal(TlmspAuditVerdict.Untouched, trail.Of(0).Verdict);
    }

    [Fact]
    public void Many_changes_of_one_kind_are_one_entry()
    {
        using InMemoryPath path = TestPaths.Make(audited: true, Grant.Write(HttpContexts.Body)).Connect();
        TlmspSessionInfo session = path.Server!.Info;
        var trail = new HttpAuditTrail(session, HttpProfile.Two, HttpDirection.Request);
        for (int i = 0; i < 1000; i++)
        {
            trail.Record(0, session.Middleboxes[0].Id, TlmspAuditAction.Changed, HttpMessagePart.Content);
        }

        trail.Record(0, session.Middleboxes[0].Id, TlmspAuditAction.Inserted, HttpMessagePart.Content);

        Assert.Equal(
            [(TlmspAuditAction.Changed, 1000L), (TlmspAuditAction.Inserted, 1L)],
            trail.Of(0).Entries.Select(entry => (entry.Action, entry.Containers)));
    }

    [Fact]
    public void Interim_responses_belong_to_the_final_one()
    {
        HttpJoiner joiner = Wire.Responses("GET", "GET");

        Wire.Join(joiner, "h:HTTP/1.1 103 Early Hints\r\n\r\n");
        Assert.Equal(0, joiner.MessageNumber);
        Wire.Join(joiner, "h:HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "b:o");
        Assert.Equal(0, joiner.MessageNumber);
        Wire.Join(joiner, "b:k");
        Assert.Equal(1, joiner.MessageNumber);
    }
}
