using System.Text;

namespace Tlmsp.Http.Tests;

public class ObserverTests
{
    private static readonly string[] Exchange =
    [
        "h:POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "b:5\r\nhello\r\n0\r\n", "h:Check: 1\r\n\r\n",
        "h:PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "b:abc",
        "h:GET /c HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    [Fact]
    public void With_both_contexts_it_sees_messages() => Assert.Equal(
        ["head POST /a HTTP/1.1", "content hello", "trailers Check", "end", "head PUT /b HTTP/1.1", "content abc", "end", "head GET /c HTTP/1.1", "end"],
        Observe(readsHeads: true, readsContent: true, Exchange));

    [Fact]
    public void With_heads_alone_it_sees_heads_and_trailers_and_sizes() => Assert.Equal(
        ["head POST /a HTTP/1.1", "opaque Content 13", "trailers Check", "end", "head PUT /b HTTP/1.1", "opaque Content 3", "end", "head GET /c HTTP/1.1"],
        Observe(readsHeads: true, readsContent: false, Exchange));

    [Fact]
    public void With_content_alone_it_sees_raw_content_and_where_messages_end() => Assert.Equal(
        ["opaque Head 57", "content 5\r\nhello\r\n0\r\n", "end", "opaque Head 12", "opaque Head 47", "content abc", "end", "opaque Head 28"],
        Observe(readsHeads: false, readsContent: true, Exchange));

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Empty_containers_change_nothing(bool readsHeads, bool readsContent) => Assert.Equal(
        Observe(readsHeads, readsContent, Exchange),
        Observe(readsHeads, readsContent, [.. Exchange.SelectMany(container => (string[])["h:", "b:", container, "b:", "h:"])]));

    [Theory]
    [InlineData(true, true, "b:GET / HTTP/1.1\r\n")]
    [InlineData(true, true, "h:GET / HTTP/1.1\nHost: a\r\n")]
    [InlineData(true, false, "h:GET / HTTP/1.1\nHost: a\r\n")]
    [InlineData(true, false, "h:GET / HTTP/1.1\r\n", "b:opaque")]
    [InlineData(true, true, "h:POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", "b:abc")]
    public void What_breaks_the_mapping_is_refused(bool readsHeads, bool readsContent, params string[] containers) =>
        Assert.Throws<HttpMappingException>(() => Observe(readsHeads, readsContent, containers));

    private static List<string> Observe(bool readsHeads, bool readsContent, string[] containers)
    {
        var observer = new HttpMessageObserver(HttpDirection.Request, new HttpExchangeQueue(), readsHeads, readsContent);
        var events = new Events();
        foreach (string container in containers)
        {
            HttpRole role = container[0] == 'h' ? HttpRole.Head : HttpRole.Content;
            if (role == HttpRole.Head ? readsHeads : readsContent)
            {
                observer.OnContainer(role, Wire.Bytes(container[2..]), events);
            }
            else
            {
                observer.OnOpaque(role, container.Length - 2, events);
            }
        }

        return events.Seen;
    }

    private sealed class Events : IHttpMessageEvents
    {
        public List<string> Seen { get; } = [];

        public void OnHead(HttpHead head) => Seen.Add($"head {head.StartLine}");

        public void OnContent(int streamId, ReadOnlySpan<byte> content) => Seen.Add($"content {Encoding.Latin1.GetString(content)}");

        public void OnTrailers(HttpHead trailers) => Seen.Add($"trailers {trailers.Fields[0].Name}");

        public void OnMessageEnd(int streamId) => Seen.Add("end");

        public void OnMessageAborted(int streamId) => Seen.Add($"aborted {streamId}");

        public void OnOpaque(HttpRole role, int length) => Seen.Add($"opaque {role} {length}");
    }
}
