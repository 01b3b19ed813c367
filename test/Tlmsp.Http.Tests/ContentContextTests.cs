using System.Buffers;
using System.Text;

namespace Tlmsp.Http.Tests;

/// <summary>Named content contexts over HTTP/1.1: heads choose, and content is nowhere else.</summary>
public class ContentContextTests
{
    private const string Pii = "POST /a HTTP/1.1\r\nHost: a\r\ntlmsp-CONTENT: pii\r\nContent-Length: 5\r\n\r\n";
    private const string PiiChunked = "POST /b HTTP/1.1\r\nHost: a\r\nTlmsp-Content: pii\r\nTransfer-Encoding: chunked\r\n\r\n";
    private const string Media = "POST /c HTTP/1.1\r\nTlmsp-Content: media\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
    private const string Plain = "POST /d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
    private static readonly HttpProfile s_two = HttpProfile.Two.WithContent("pii", "media");
    private static readonly HttpProfile s_four = HttpProfile.Four.WithContent("pii", "media");

    public static TheoryData<string, string[]> Attacks => new()
    {
        { "content of a named context in the profile's own", ["1:" + Pii, "2:hello"] },
        { "in that of another name", ["1:" + Pii, "19:hello"] },
        { "the rest of it", ["1:" + Pii, "16:hel", "19:lo"] },
        { "chunk framing", ["1:" + PiiChunked, "2:1\r\n"] },
        { "a chunk", ["1:" + PiiChunked, "16:5\r\n", "19:hello"] },
        { "the end of chunks", ["1:" + PiiChunked, "16:1\r\nx\r\n0\r\n", "2:\r\n"] },
        { "content without the field in a named context", ["1:" + Plain, "16:ok"] },
        { "after a message in another context", ["1:" + Pii, "16:hello", "1:" + Media, "16:ok"] },
        { "a name that the profile does not have", ["1:" + Pii.Replace("pii", "pi")] },
        { "a name in capitals", ["1:" + Pii.Replace("pii", "PII")] },
        { "no name", ["1:" + Pii.Replace(" pii", "")] },
        { "two names in one field", ["1:" + Pii.Replace("pii", "pii, media")] },
        { "the field twice", ["1:" + Pii.Replace("Host", "Tlmsp-Content: pii\r\nHost")] },
        { "the field in a trailer section", ["1:" + PiiChunked, "16:0\r\n", "1:Tlmsp-Content: pii\r\n\r\n"] },
    };

    [Fact]
    public void Content_with_its_framing_travels_where_its_head_says()
    {
        Assert.Equal(
            [$"1:{Pii}", "16:hello", $"1:{PiiChunked}", "16:5\r\nhello\r\n0\r\n", "1:Check: 1\r\n\r\n", $"1:{Media}", "19:ok", $"1:{Plain}", "2:ok", $"1:{Pii}", "16:again"],
            Split(s_two, HttpDirection.Request, Pii + "hello" + PiiChunked + "5\r\nhello\r\n0\r\nCheck: 1\r\n\r\n" + Media + "ok" + Plain + "ok" + Pii + "again"));
    }

    [Fact]
    public void Each_direction_has_contexts_of_its_own_in_profile_four()
    {
        var exchanges = new HttpExchangeQueue();

        Assert.Equal([$"3:{Media}", "20:ok"], Split(s_four, HttpDirection.Request, Media + "ok", exchanges));
        Assert.Equal(
            ["5:HTTP/1.1 200 OK\r\nTlmsp-Content: media\r\nContent-Length: 2\r\n\r\n", "21:ok"],
            Split(s_four, HttpDirection.Response, "HTTP/1.1 200 OK\r\nTlmsp-Content: media\r\nContent-Length: 2\r\n\r\nok", exchanges));
    }

    [Fact]
    public void A_message_that_somebody_may_resize_gets_chunks_and_others_keep_their_length()
    {
        var exchanges = new HttpExchangeQueue();
        using var splitter = new HttpSplitter(HttpDirection.Request, exchanges, s_two, resizable: true) { ResizableIds = [19] };
        var sink = new Sink();

        splitter.Write(Wire.Bytes(Pii + "hello" + Media + "ok"), sink);

        Assert.Equal(
            [$"1:{Pii}", "16:hello", $"1:{Media.Replace("Content-Length: 2", "Transfer-Encoding: chunked")}", "19:2\r\nok\r\n0\r\n\r\n"],
            sink.Containers);
    }

    [Fact]
    public void What_was_split_is_joined()
    {
        string stream = Pii + "hello" + PiiChunked + "5\r\nhello\r\n0\r\n\r\n" + Media + "ok" + Plain + "ok";

        Assert.Equal(stream, Join(new HttpJoiner(HttpDirection.Request, new HttpExchangeQueue(), profile: s_two), s_two, Split(s_two, HttpDirection.Request, stream)));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Content_anywhere_else_is_refused_in_its_context(string name, string[] containers)
    {
        Assert.NotEmpty(name);
        var joiner = new HttpJoiner(HttpDirection.Request, new HttpExchangeQueue(), profile: s_two);
        Join(joiner, s_two, containers[..^1]);

        HttpMappingException e = Assert.Throws<HttpMappingException>(() => Join(joiner, s_two, containers[^1..]));

        Assert.Equal(TlmspAlert.IllegalParameter, e.Alert);
        Assert.Equal(byte.Parse(containers[^1].Split(':')[0]), e.In(s_two, HttpDirection.Request).ContextId);
    }

    [Theory]
    [InlineData("pii", "pii", "16:ok", null)]
    [InlineData(null, null, "2:ok", null)]
    [InlineData("pii", null, "2:ok", "comes in the content context body, and its request named 'pii'")]
    [InlineData("pii", "media", "19:ok", "comes in the content context 'media', and its request named 'pii'")]
    [InlineData(null, "pii", "16:ok", "comes in the content context 'pii', and its request named body")]
    public void The_content_of_a_response_comes_where_its_request_said(string? request, string? response, string content, string? fault)
    {
        var exchanges = new HttpExchangeQueue();
        Split(s_two, HttpDirection.Request, $"GET / HTTP/1.1\r\nHost: a\r\n{Field(request)}\r\n", exchanges);
        var joiner = new HttpJoiner(HttpDirection.Response, exchanges, profile: s_two);
        string[] containers = ["1:HTTP/1.1 103 Early\r\n\r\n", $"1:HTTP/1.1 200 OK\r\n{Field(response)}Content-Length: 2\r\n\r\n", content];

        if (fault is null)
        {
            Assert.EndsWith("ok", Join(joiner, s_two, containers), StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(
                fault, Assert.Throws<HttpMappingException>(() => Join(joiner, s_two, containers)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_response_without_content_need_not_name_the_context()
    {
        var exchanges = new HttpExchangeQueue();
        Split(s_two, HttpDirection.Request, "GET / HTTP/1.1\r\nHost: a\r\nTlmsp-Content: pii\r\n\r\n", exchanges);

        string joined = Join(new HttpJoiner(HttpDirection.Response, exchanges, profile: s_two), s_two, ["1:HTTP/1.1 421 Misdirected\r\nContent-Length: 0\r\n\r\n"]);

        Assert.StartsWith("HTTP/1.1 421", joined, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_named_contexts_the_field_means_nothing() =>
        Assert.Equal([$"1:{Pii}", "2:hello"], Split(HttpProfile.Two, HttpDirection.Request, Pii + "hello"));

    [Fact]
    public void A_middlebox_that_reads_some_content_contexts_sees_their_messages_whole_and_of_others_the_heads() => Assert.Equal(
        [
            "head /a", "content hello", "end", "head /b", "content hello", "trailers Check", "end",
            "head /c", "opaque 2", "end", "head /d", "opaque 2", "end", "head /a", "content again", "end",
        ],
        Observe(Grant.Read(1, 16), Pii + "hello" + PiiChunked + "5\r\nhello\r\n0\r\nCheck: 1\r\n\r\n" + Media + "ok" + Plain + "ok" + Pii + "again"));

    [Fact]
    public void A_middlebox_that_reads_a_content_context_alone_sees_what_is_in_it() => Assert.Equal(
        [$"opaque {Pii.Length}", "content hello", "end", $"opaque {Media.Length}", "opaque 2"],
        Observe(Grant.Read(16), Pii + "hello" + Media + "ok"));

    private static string Field(string? name) => name is null ? "" : $"Tlmsp-Content: {name}\r\n";

    private static List<string> Split(HttpProfile profile, HttpDirection direction, string stream, HttpExchangeQueue? exchanges = null)
    {
        using var splitter = new HttpSplitter(direction, exchanges ?? new HttpExchangeQueue(), profile);
        var sink = new Sink();
        splitter.Write(Wire.Bytes(stream), sink);
        splitter.Flush(sink);
        return sink.Containers;
    }

    private static string Join(HttpJoiner joiner, HttpProfile profile, IEnumerable<string> containers)
    {
        var joined = new ArrayBufferWriter<byte>();
        foreach ((byte id, string text) in containers.Select(Parse))
        {
            joiner.Accept(profile.RoleOf(id, HttpDirection.Request), id, Wire.Bytes(text), joined);
        }

        return Encoding.Latin1.GetString(joined.WrittenSpan);
    }

    [Fact]
    public void A_middlebox_that_reads_everything_holds_content_to_its_context_as_an_endpoint_does()
    {
        IHttpMessageObserver observer = new HttpObservers(s_two, Grant.Read(1, 2, 16, 19), HttpMappingMode.Strict, HttpFramerLimits.Default).For(HttpDirection.Request);
        observer.OnContainer(HttpRole.Head, 1, Wire.Bytes(Pii), new Events());
        observer.OnContainer(HttpRole.Content, 16, Wire.Bytes("hel"), new Events());

        HttpMappingException e = Assert.Throws<HttpMappingException>(
            () => observer.OnContainer(HttpRole.Content, 19, Wire.Bytes("lo"), new Events()));

        Assert.Equal(19, e.ContextId);
    }

    private static List<string> Observe(Grant grant, string stream)
    {
        IHttpMessageObserver observer = new HttpObservers(s_two, grant, HttpMappingMode.Strict, HttpFramerLimits.Default).For(HttpDirection.Request);
        var events = new Events();
        foreach ((byte id, string text) in Split(s_two, HttpDirection.Request, stream).Select(Parse))
        {
            HttpRole role = s_two.RoleOf(id, HttpDirection.Request);
            if (grant[id] >= TlmspAccess.Read)
            {
                observer.OnContainer(role, id, Wire.Bytes(text), events);
            }
            else
            {
                observer.OnOpaque(role, text.Length, events);
            }
        }

        return events.Seen;
    }

    private static (byte Id, string Text) Parse(string container) =>
        (byte.Parse(container.Split(':')[0]), container[(container.IndexOf(':', StringComparison.Ordinal) + 1)..]);

    private sealed class Sink : IHttpContainerSink
    {
        public List<string> Containers { get; } = [];

        public void Emit(byte contextId, ReadOnlySpan<byte> plaintext) =>
            Containers.Add($"{contextId}:{Encoding.Latin1.GetString(plaintext)}");
    }

    private sealed class Events : IHttpMessageEvents
    {
        public List<string> Seen { get; } = [];

        public void OnHead(HttpHead head) => Seen.Add($"head {head.Target}");

        public void OnContent(int streamId, ReadOnlySpan<byte> content) => Seen.Add($"content {Encoding.Latin1.GetString(content)}");

        public void OnTrailers(HttpHead trailers) => Seen.Add($"trailers {trailers.Fields[0].Name}");

        public void OnMessageEnd(int streamId) => Seen.Add("end");

        public void OnMessageAborted(int streamId) => Seen.Add("aborted");

        public void OnOpaque(HttpRole role, int length) => Seen.Add($"opaque {length}");
    }
}
