using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Tests;

public class ProgressTests
{
    [Fact]
    public void A_transfer_that_takes_long_is_drawn_on_one_line_which_is_empty_at_the_end()
    {
        var error = new StringWriter();
        var clock = new SteppedClock();
        var console = new ToolConsole(TextReader.Null, Stream.Null, error) { ErrorIsTerminal = true };

        using (var progress = new Progress(console, "received", 40_000_000, clock))
        {
            progress.Add(10_000_000);
            Assert.Equal("", error.ToString());     // it may be over soon
            clock.Seconds = 2;
            progress.Add(10_000_000);
            progress.Add(1);                        // drawn a moment ago
            clock.Seconds = 4;
            progress.Add(10_000_000);
        }

        string[] drawn = error.ToString().Split('\r');
        Assert.Equal(["", "20.0 of 40.0 MB received, 10.0 MB/s", "30.0 of 40.0 MB received, 7.5 MB/s "], drawn[..3]);
        Assert.Equal(["", ""], drawn[3..].Select(text => text.TrimEnd()));
    }

    [Fact]
    public void Nothing_is_drawn_where_errors_do_not_go_to_a_terminal()
    {
        var error = new StringWriter();
        var clock = new SteppedClock();

        using (var progress = new Progress(new ToolConsole(TextReader.Null, Stream.Null, error), "sent", null, clock))
        {
            clock.Seconds = 100;
            progress.Add(1);
        }

        Assert.Equal("", error.ToString());
    }

    private sealed class SteppedClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
