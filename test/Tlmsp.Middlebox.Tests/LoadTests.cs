using Tlmsp.Load;

namespace Tlmsp.Middlebox.Tests;

/// <summary>The load program, in short.</summary>
public class LoadTests
{
    [Fact]
    public async Task Nothing_fails_and_no_audit_line_is_lost_under_load()
    {
        LoadResult result = await SteadyLoad.RunAsync(50, TimeSpan.FromSeconds(3), _ => { });

        Assert.Empty(result.Problems);
        Assert.True(result.Completed > 100, result.ToString());
    }

    [Fact]
    public async Task A_middlebox_that_is_killed_and_restarted_leaves_clear_errors_whole_answers_and_clients_that_go_on()
    {
        LoadResult result = await RestartLoad.RunAsync(10, TimeSpan.FromSeconds(4), _ => { });

        Assert.Empty(result.Problems);
        Assert.True(result.Completed > 20, result.ToString());
    }
}
