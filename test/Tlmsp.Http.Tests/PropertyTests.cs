using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Tlmsp.Http.Tests;

/// <summary>Whatever messages of HTTP/1.1 an endpoint sends and however they are cut up, the other one reads exactly those.</summary>
public class PropertyTests
{
    private static readonly HttpProfile[] s_profiles =
        [HttpProfile.Two, HttpProfile.Four, HttpProfile.Two.WithSecrets(), HttpProfile.Four.WithSecrets("X-Api-Key")];

    private static readonly string[] s_methods = ["GET", "POST", "HEAD", "PUT", "OPTIONS", "BREW"];
    private static readonly int[] s_statuses = [200, 204, 304, 404, 500];

    /// <summary>A field line; every third name is a sensitive one.</summary>
    private static readonly Gen<string> s_field =
        from name in Gen.Elements("Accept", "X", "Via", "Cookie", "authorization", "X-API-Key")
        from value in Gen.Elements("", "a", "b;c=d, e", "\"quoted: text\"", "tab\there", new string('x', 300), "é")
        select $"{name}: {value}\r\n";

    /// <summary>Content with its framing: none, a length, or chunks with extensions and trailers.</summary>
    private static readonly Gen<(string Fields, string Content, string Trailers)> s_content = Gen.OneOf(
        Gen.Constant(("", "", "")),
        from size in Gen.Frequency((8, Gen.Choose(0, 300)), (1, Gen.Choose(16_000, 33_000)))
        select ($"Content-Length: {size}\r\n", Letters(size), ""),
        from sizes in Gen.Choose(1, 400).ListOf()
        from extension in Gen.Elements("", ";", ";a", ";a=\"b c\"")
        from trailers in Gen.Elements("", "Digest: x\r\n", "Digest: x\r\nMore: y\r\n")
        let chunks = string.Concat(sizes.Select(size => $"{size:x}{extension}\r\n{Letters(size)}\r\n"))
        select ("Transfer-Encoding: chunked\r\n", $"{chunks}0{extension}\r\n", $"{trailers}\r\n"));

    private static readonly Gen<Message> s_message =
        from method in Gen.Elements(s_methods)
        from status in Gen.Elements(s_statuses)
        from interim in Gen.Choose(0, 2)
        from before in s_field.ListOf()
        from after in s_field.ListOf()
        from content in s_content
        select new Message(method, status, interim, [.. before.Take(8)], [.. after.Take(8)], content);

    private static readonly Gen<(Message[] Messages, int Profile, bool Responses, int[] Cuts)> s_case =
        from messages in s_message.NonEmptyListOf()
        from profile in Gen.Choose(0, 3)
        from responses in ArbMap.Default.GeneratorFor<bool>()
        from cuts in Gen.Choose(1, 700).NonEmptyListOf()
        select (messages.ToArray(), profile, responses, cuts.ToArray());

    [Fact]
    public void Split_and_joined_is_what_was_sent() => Check(400, run =>
    {
        Assert.Equal(run.Expected, run.Join(run.Split(run.Cut(run.Stream))));
        Assert.All(run.Split(run.Cut(run.Stream)), container => Assert.InRange(container.Bytes.Length, 1, ContainerWriter.MaxPlaintext));
    });

    [Fact]
    public void Containers_cut_smaller_on_the_way_join_all_the_same() => Check(300, run =>
        Assert.Equal(run.Expected, run.Join(
            run.Split([run.Stream]).SelectMany(container => run.Cut(container.Bytes).Select(bytes => (container.Role, bytes))))));

    [Fact]
    public void However_output_is_written_each_byte_leaves_in_the_same_context() => Check(300, run =>
    {
        Assert.Equal(Roles(run.Split([run.Stream])), Roles(run.Split(run.Cut(run.Stream))));

        static string Roles(IEnumerable<(HttpRole Role, byte[] Bytes)> containers) =>
            string.Concat(containers.Select(container => new string((char)('0' + (int)container.Role), container.Bytes.Length)));
    });

    [Fact]
    public void A_single_byte_in_another_context_is_refused() => Check(500, run =>
    {
        var containers = run.Split(run.Cut(run.Stream));
        int moved = run.Cuts[0] % containers.Count;
        (HttpRole role, byte[] bytes) = containers[moved];
        int at = run.Cuts[^1] % bytes.Length;
        HttpRole[] others = [.. run.Roles.Where(other => other != role)];
        HttpRole wrong = others[run.Cuts.Length % others.Length];
        (HttpRole, byte[])[] parts = [(role, bytes[..at]), (wrong, bytes[at..(at + 1)]), (role, bytes[(at + 1)..])];
        containers.RemoveAt(moved);
        containers.InsertRange(moved, parts.Where(part => part.Item2.Length > 0));

        Assert.Throws<HttpMappingException>(() => run.Join(containers));
    });

    [Fact]
    public void A_container_that_is_missing_is_never_made_up_for() => Check(300, run =>
    {
        var containers = run.Split(run.Cut(run.Stream));
        containers.RemoveAt(run.Cuts[0] % containers.Count);
        try
        {
            // What is left may be messages in itself, but then it is what was sent of them.
            Assert.NotEqual(run.Expected, run.Join(containers));
        }
        catch (HttpMappingException)
        {
            // Refused, and with no other exception.
        }
    });

    private static void Check(int count, Action<Run> property) =>
        Prop.ForAll(s_case.ToArbitrary(), each => property(new Run(each.Messages, s_profiles[each.Profile], each.Responses, each.Cuts)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static string Letters(int count) => string.Concat(Enumerable.Range(0, count).Select(i => (char)('a' + (i % 26))));

    /// <summary>A request or a response, as it is written and as it arrives.</summary>
    private sealed record Message(
        string Method, int Status, int Interim, string[] Before, string[] After, (string Fields, string Content, string Trailers) Content)
    {
        private bool HasContent => Method != "HEAD" && Status is not (204 or 304);

        public string Write(bool response, HttpFieldSet? secrets, bool arrived)
        {
            string start = response ? $"HTTP/1.1 {Status} Reason\r\n" : $"{Method} /a?b HTTP/1.1\r\nHost: a\r\n";
            string length = response && HasContent && Content.Fields.Length == 0 ? "Content-Length: 0\r\n" : Content.Fields;
            string[] lines = [.. Before, length, .. After];
            string[] ordered = arrived && secrets is not null
                ? [.. lines.Where(line => !IsSecret(line, secrets)), .. lines.Where(line => IsSecret(line, secrets))]
                : lines;
            string content = response && !HasContent ? "" : Content.Content + Content.Trailers;
            string interim = response ? string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", Interim)) : "";
            return $"{interim}{start}{string.Concat(ordered)}\r\n{content}";
        }

        private static bool IsSecret(string line, HttpFieldSet secrets) =>
            line.Length > 0 && secrets.Contains(Encoding.Latin1.GetBytes(line.Split(':')[0]));
    }

    /// <summary>One connection's half.</summary>
    private sealed class Run(Message[] messages, HttpProfile profile, bool responses, int[] cuts)
    {
        private readonly HttpDirection _direction = responses ? HttpDirection.Response : HttpDirection.Request;

        public byte[] Stream { get; } = Bytes(messages, responses, profile, arrived: false);

        /// <summary>The stream, with sensitive fields at the end of their heads.</summary>
        public byte[] Expected { get; } = Bytes(messages, responses, profile, arrived: true);

        public int[] Cuts => cuts;

        public IEnumerable<HttpRole> Roles => profile.IdsIn(_direction).Select(id => profile.RoleOf(id, _direction));

        private HttpExchangeQueue Exchanges => Wire.After(responses ? [.. messages.Select(message => message.Method)] : []);

        public IEnumerable<byte[]> Cut(byte[] bytes)
        {
            for (int at = 0, i = 0; at < bytes.Length; i++)
            {
                int length = Math.Min(cuts[i % cuts.Length], bytes.Length - at);
                yield return bytes[at..(at + length)];
                at += length;
            }
        }

        public List<(HttpRole Role, byte[] Bytes)> Split(IEnumerable<byte[]> writes) =>
            Wire.Split(_direction, writes, Exchanges, profile);

        public byte[] Join(IEnumerable<(HttpRole Role, byte[] Bytes)> containers)
        {
            var joiner = new HttpJoiner(_direction, Exchanges, profile: profile);
            var joined = new ArrayBufferWriter<byte>();
            foreach ((HttpRole role, byte[] bytes) in containers)
            {
                joiner.Accept(role, profile.IdOf(_direction, role), bytes, joined);
            }

            return joined.WrittenSpan.ToArray();
        }

        private static byte[] Bytes(Message[] messages, bool responses, HttpProfile profile, bool arrived) => Encoding.Latin1.GetBytes(
            string.Concat(messages.Select(message => message.Write(responses, profile.Secrets, arrived))));
    }
}
