using System.Buffers;

namespace Tlmsp.Http.Tests.Smuggling;

/// <summary>
/// The same bytes to our framer and to Kestrel: what the framer accepts, Kestrel takes for the same requests. The bytes of a case are
/// followed by a request that asks for the end of the connection, which shows whether both have found the same end of what precedes it.
/// </summary>
public class RequestDifferentialTests(PlainKestrel kestrel) : IClassFixture<PlainKestrel>
{
    private const string End = "GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    private static readonly FramedMessage s_end = new("GET /end", "");

    public static TheoryData<string> Accepted => NamesOf(RequestCases.Accepted);

    public static TheoryData<string> Refused => NamesOf(RequestCases.Refused);

    public static TheoryData<string> Stricter => NamesOf(RequestCases.StricterThanKestrel);

    public static TheoryData<string> LeftToKestrel => NamesOf(RequestCases.LeftToKestrel);

    public static TheoryData<string> Unfinished => NamesOf(RequestCases.Unfinished);

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task Both_accept_the_same_requests(string name)
    {
        (FramedMessages framed, FramedMessage[] requests, string answer) = await ReadBothAsync(RequestCases.Accepted, name);

        Assert.Null(framed.Refusal);
        Assert.True(framed.IsAtBoundary);
        Assert.Equal(s_end, framed.Messages[^1]);
        Assert.Equal(framed.Messages, requests);
        Assert.DoesNotContain("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        AssertPassesContexts(StreamOf(RequestCases.Accepted, name));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Both_refuse_it(string name)
    {
        (FramedMessages framed, FramedMessage[] requests, string answer) = await ReadBothAsync(RequestCases.Refused, name);

        Assert.NotNull(framed.Refusal);
        Assert.Matches("HTTP/1.1 [45][0-9][0-9] ", answer);
        Assert.DoesNotContain(s_end, requests);
        Assert.Equal(requests, framed.Messages);
    }

    [Theory]
    [MemberData(nameof(Stricter))]
    public async Task The_framer_refuses_what_Kestrel_accepts(string name)
    {
        (FramedMessages framed, FramedMessage[] requests, string answer) = await ReadBothAsync(RequestCases.StricterThanKestrel, name);

        Assert.NotNull(framed.Refusal);
        Assert.DoesNotContain(s_end, framed.Messages);
        Assert.InRange(requests.Length, framed.Messages.Count + 1, 2);
        Assert.Equal(requests[..framed.Messages.Count], framed.Messages);
        Assert.DoesNotMatch("HTTP/1.1 [45][0-9][0-9] ", answer);
    }

    /// <summary>Syntax that does not concern framing: Kestrel answers such a request itself, and closes.</summary>
    [Theory]
    [MemberData(nameof(LeftToKestrel))]
    public async Task Kestrel_refuses_what_the_framer_accepts(string name)
    {
        (FramedMessages framed, FramedMessage[] requests, string answer) = await ReadBothAsync(RequestCases.LeftToKestrel, name);

        Assert.Null(framed.Refusal);
        Assert.Matches("HTTP/1.1 4[0-9][0-9] ", answer);
        Assert.Equal(framed.Messages.Take(requests.Length), requests);
        Assert.DoesNotContain(s_end, requests);
    }

    [Theory]
    [MemberData(nameof(Unfinished))]
    public async Task Both_wait_for_more(string name)
    {
        (FramedMessages framed, FramedMessage[] requests, _) = await ReadBothAsync(RequestCases.Unfinished, name, isWhole: false);

        Assert.Null(framed.Refusal);
        Assert.False(framed.IsAtBoundary);
        Assert.Equal(framed.Messages, requests);
    }

    [Fact]
    public void There_are_enough_cases_and_none_twice()
    {
        string[][] all =
        [
            .. RequestCases.Accepted, .. RequestCases.Refused, .. RequestCases.StricterThanKestrel, .. RequestCases.LeftToKestrel,
            .. RequestCases.Unfinished,
        ];

        Assert.InRange(all.Length, 150, 400);
        Assert.Distinct(all.Select(one => one[0]));
        Assert.Distinct(all.Select(one => one[1]));
    }

    private static TheoryData<string> NamesOf(string[][] cases) => [.. cases.Select(one => one[0])];

    private static byte[] StreamOf(string[][] cases, string name, bool isWhole = true) =>
        Wire.Bytes(cases.Single(one => one[0] == name)[1] + (isWhole ? End : ""));

    /// <summary>What the framer makes of a case, and what Kestrel does, with the responses.</summary>
    private async Task<(FramedMessages Framed, FramedMessage[] Requests, string Answer)> ReadBothAsync(
        string[][] cases, string name, bool isWhole = true)
    {
        byte[] stream = StreamOf(cases, name, isWhole);
        (FramedMessage[] requests, string answer) = await kestrel.SendAsync(stream, ends: !isWhole);
        return (FramedMessages.Read(stream, HttpDirection.Request, new HttpExchangeQueue()), requests, answer);
    }

    /// <summary>Splitter and joiner are the same parser, and change nothing.</summary>
    private static void AssertPassesContexts(byte[] stream)
    {
        var joiner = new HttpJoiner(HttpDirection.Request, new HttpExchangeQueue());
        var joined = new ArrayBufferWriter<byte>();
        foreach ((HttpRole role, byte[] bytes) in Wire.Split(HttpDirection.Request, [stream]))
        {
            joiner.Accept(role, bytes, joined);
        }

        Assert.Equal(stream, joined.WrittenSpan.ToArray());
        Assert.True(joiner.IsAtMessageBoundary);
    }
}
