using System.Text;

namespace Tlmsp.Http.Tests.Http2;

/// <summary>What a middlebox sees of an HTTP/2 connection, by its grants.</summary>
public class Http2ObserverTests
{
    private static readonly HttpProfile s_four = HttpProfile.Four.For(HttpWireVersion.Http2);
    private static readonly HttpProfile s_two = HttpProfile.Two.For(HttpWireVersion.Http2);

    // :method POST, :scheme https, :path /, :authority a; the second block takes :authority from the table of the first.
    private static readonly byte[] s_post = [0x83, 0x87, 0x84, 0x41, 0x01, (byte)'a'];
    private static readonly byte[] s_again = [0x83, 0x87, 0x84, 0xbe];
    private static readonly byte[] s_trailer = [0x00, 0x01, (byte)'t', 0x01, (byte)'1'];

    private static readonly byte[][] s_requests =
    [
        Frames.ClientStart, Frames.Make(1, Frames.EndHeaders, 1, s_post), Frames.Make(1, 0, 3, s_again[..2]),
        Frames.Make(9, Frames.EndHeaders, 3, s_again[2..]),
        Frames.Data(1, "one"), Frames.Data(3, "three"), Frames.Make(0, Frames.Padded, 1, 2, (byte)'!', 0, 0),
        Frames.Data(3, "", endStream: true),
        Frames.Make(1, Frames.EndHeaders | Frames.EndStream, 1, s_trailer), Frames.Make(3, 0, 3, 0, 0, 0, 8),
    ];

    [Fact]
    public void With_everything_it_sees_the_messages_of_each_stream() => Assert.Equal(
        [
            "1 head POST / HTTP/2 host=a", "3 head POST / HTTP/2 host=a", "1 content one", "3 content three", "1 content !", "3 end",
            "1 trailers t", "1 end",
            "3 aborted",
        ],
        Observe(s_two, "1=r,2=r", s_requests));

    [Fact]
    public void With_heads_alone_it_sees_heads_and_trailers_and_sizes() => Assert.Equal(
        [
            "1 head POST / HTTP/2 host=a", "3 head POST / HTTP/2 host=a", "opaque Content 12", "opaque Content 14", "opaque Content 13",
            "opaque Content 9",
            "1 trailers t", "1 end", "3 aborted",
        ],
        Observe(s_two, "1=r", s_requests));

    [Fact]
    public void With_content_alone_it_sees_the_content_of_each_stream() => Assert.Equal(
        [
            "opaque Head 33", "opaque Head 15", "opaque Head 11", "opaque Head 11", "1 content one", "3 content three", "1 content !",
            "3 end",
            "opaque Head 14", "opaque Head 13",
        ],
        Observe(s_two, "2=r", s_requests));

    [Fact]
    public void With_control_alone_it_sees_resets() => Assert.Equal(
        "3 aborted", Observe(HttpProfile.Five, "7=r", s_requests)[^1]);

    [Fact]
    public void With_the_heads_of_one_direction_alone_it_needs_none_of_the_other() => Assert.Equal(
        ["1 head HTTP/2 200", "1 end"],
        Observe(s_four, "5=r", [Frames.NoSettings, Frames.Make(1, Frames.EndHeaders | Frames.EndStream, 1, 0x88)], HttpDirection.Response));

    public static TheoryData<string, byte[][]> Broken => new()
    {
        { "a tunnel", [Frames.Make(1, Frames.EndHeaders, 1, [0x02, 7, .. "CONNECT"u8, 0x01, 1, (byte)'a'])] },
        { "a request without a path", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87)] },
        { "two methods", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x83, 0x87, 0x84)] },
        { "a status in a request", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87, 0x84, 0x88)] },
        { "a pseudo-header field behind others", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87, 0x00, 1, (byte)'x', 1, (byte)'1', 0x84)] },
        { "an upper-case name", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87, 0x84, 0x00, 1, (byte)'X', 1, (byte)'1')] },
        { "a line break in a value", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87, 0x84, 0x00, 1, (byte)'x', 1, (byte)'\n')] },
        { "white space around a value", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87, 0x84, 0x00, 1, (byte)'x', 1, (byte)' ')] },
        { "a field of HTTP/1.1", [Frames.Make(1, Frames.EndHeaders, 1, [0x82, 0x87, 0x84, 0x0f, 0x2a, 7, .. "chunked"u8])] },
        { "a host that is not the authority", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0x87, 0x84, 0x01, 1, (byte)'a', 0x0f, 0x17, 1, (byte)'b')] },
        { "a block that is not valid", [Frames.Make(1, Frames.EndHeaders, 1, 0x82, 0xff)] },
        { "framing in a trailer", [Frames.Make(1, Frames.EndHeaders, 1, s_post), Frames.Make(1, 5, 1, 0x0f, 0x0d, 1, (byte)'3')] },
        { "DATA on a stream that nobody opened", [Frames.Data(1, "x")] },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_breaks_the_mapping_is_refused(string name, byte[][] frames)
    {
        Assert.NotEmpty(name);
        Assert.Throws<HttpMappingException>(() => Observe(s_two, "1=r,2=r", [Frames.ClientStart, .. frames]));
    }

    [Fact]
    public void Something_that_cannot_be_read_inside_a_frame_is_refused()
    {
        var observer = new HttpObservers(s_two, Grant.Parse("2=r"), HttpMappingMode.Strict, HttpFramerLimits.Default).For(HttpDirection.Request);
        observer.OnContainer(HttpRole.Content, 0, Frames.Data(1, "hello")[..12], new Events());
        observer.OnOpaque(HttpRole.Head, 0, new Events());

        Assert.Throws<HttpMappingException>(() => observer.OnOpaque(HttpRole.Head, 10, new Events()));
    }

    private static List<string> Observe(HttpProfile profile, string grant, byte[][] frames, HttpDirection direction = HttpDirection.Request)
    {
        Grant granted = Grant.Parse(grant);
        var observer = new HttpObservers(profile, granted, HttpMappingMode.Strict, HttpFramerLimits.Default).For(direction);
        var events = new Events();
        foreach (byte[] frame in frames)
        {
            // One container each, but for the preface and SETTINGS where control has a context of its own.
            byte[][] containers = frame.Length == Frames.ClientStart.Length && profile.Has(HttpRole.Control) && frame[0] == 'P'
                ? [frame[..24], frame[24..]]
                : [frame];
            foreach (byte[] container in containers)
            {
                HttpRole role = container[0] == 'P' ? HttpRole.Head : Http2Frame.Read(container).Role;
                role = role == HttpRole.Control && !profile.Has(role) ? HttpRole.Head : role;
                if (granted[profile.IdOf(direction, role)] >= TlmspAccess.Read)
                {
                    observer.OnContainer(role, 0, container, events);
                }
                else
                {
                    observer.OnOpaque(role, container.Length, events);
                }
            }
        }

        return events.Seen;
    }

    private sealed class Events : IHttpMessageEvents
    {
        public List<string> Seen { get; } = [];

        public void OnHead(HttpHead head) => Seen.Add(
            $"{head.StreamId} head {head.StartLine}{(head["host"] is { } host ? $" host={host}" : "")}");

        public void OnContent(int streamId, ReadOnlySpan<byte> content) =>
            Seen.Add($"{streamId} content {Encoding.Latin1.GetString(content)}");

        public void OnTrailers(HttpHead trailers) => Seen.Add($"{trailers.StreamId} trailers {trailers.Fields[0].Name}");

        public void OnMessageEnd(int streamId) => Seen.Add($"{streamId} end");

        public void OnMessageAborted(int streamId) => Seen.Add($"{streamId} aborted");

        public void OnOpaque(HttpRole role, int length) => Seen.Add($"opaque {role} {length}");
    }
}
