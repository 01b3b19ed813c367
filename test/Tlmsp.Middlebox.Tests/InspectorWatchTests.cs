namespace Tlmsp.Middlebox.Tests;

/// <summary>Who goes on when inspectors take too long: settled once, whoever comes first.</summary>
public class InspectorWatchTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private readonly InspectorWatch _watch = new();

    private static long Now => Environment.TickCount64;

    [Fact]
    public void Time_starts_with_the_first_call_and_again_with_each()
    {
        _watch.Enter();
        Assert.False(_watch.IsOverdue(Now + 9_000, s_timeout));
        Assert.True(_watch.IsOverdue(Now + 11_000, s_timeout));

        Assert.True(_watch.TryStartCall());
        Assert.False(_watch.IsOverdue(Now + 9_000, s_timeout));
    }

    [Fact]
    public void Nobody_is_overdue_between_calls()
    {
        Assert.False(_watch.IsOverdue(Now + 60_000, s_timeout));
        _watch.Enter();
        _watch.Leave();
        Assert.False(_watch.IsOverdue(Now + 60_000, s_timeout));
        _watch.Enter();
        _watch.Leave();
    }

    [Fact]
    public void A_connection_that_ends_inside_a_call_leaves_the_call_to_itself()
    {
        _watch.Enter();

        Assert.True(_watch.End());

        Assert.False(_watch.TryStartCall());
        Assert.Throws<OperationCanceledException>(_watch.Leave);
        Assert.False(_watch.IsOverdue(Now + 60_000, s_timeout));
    }

    [Fact]
    public void A_connection_that_ends_between_calls_allows_no_further_one()
    {
        Assert.False(_watch.End());

        Assert.Throws<OperationCanceledException>(_watch.Enter);
    }

    [Fact]
    public async Task Of_an_end_and_a_return_at_the_same_time_exactly_one_wins()
    {
        for (int i = 0; i < 1000; i++)
        {
            var watch = new InspectorWatch();
            watch.Enter();
            Task<bool> ending = Task.Run(watch.End);
            bool returned = true;
            try
            {
                watch.Leave();
            }
            catch (OperationCanceledException)
            {
                returned = false;
            }

            Assert.Equal(!returned, await ending);
        }
    }
}
