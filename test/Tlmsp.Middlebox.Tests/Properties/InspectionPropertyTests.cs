using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>
/// Whatever messages pass, however they are cut into chunks, frames, containers and reads, and whatever inspectors do with them, the other
/// side reads what that makes of each message, whole, and nothing of what was refused. A failure names the seed to repeat it with.
/// </summary>
public class InspectionPropertyTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly InspectionVerdict s_close = InspectionVerdict.Close("planned");
    private static readonly InspectionVerdict s_drop = InspectionVerdict.Drop("planned");

    private static readonly InspectionVerdict s_respond = InspectionVerdict.Respond(
        new InspectionResponse(403) { Fields = [new HttpField("x-box", "1")], Content = "not by this box"u8.ToArray() }, "planned");

    private static readonly Message s_answer = new(0, "HTTP/1.1 403 Forbidden", [("x-box", "1")], [.. "not by this box"u8], []);

    [Theory]
    [InlineData(HttpWireVersion.Http11)]
    [InlineData(HttpWireVersion.Http2)]
    public void Every_message_arrives_as_the_verdicts_make_it(HttpWireVersion version) =>
        Check(60, InspectionCase.Of(version), async each =>
        {
            using PumpedPath path = Path(each);
            await SendAsync(path.Requests, each, Requests(each));
            Assert.True(await path.Requests.Running.WaitAsync(s_patience));
            Assert.Equal(Requests(each).Select(each.Expect).Select(Text), Read(path.Requests, each, isRequests: true).Select(Text));

            await SendAsync(path.Responses, each, Responses(each));
            Assert.True(await path.Responses.Running.WaitAsync(s_patience));
            Assert.Equal(Responses(each).Select(each.Expect).Select(Text), Read(path.Responses, each, isRequests: false).Select(Text));
        });

    [Theory]
    [InlineData(HttpWireVersion.Http11)]
    [InlineData(HttpWireVersion.Http2)]
    public void After_a_message_for_which_the_connection_is_closed_nothing_arrives(HttpWireVersion version) =>
        Check(60, InspectionCase.WithRefusal(version, s_close), async drawn =>
        {
            using PumpedPath path = Path(drawn.Case);
            PumpedWay refused = await SendToRefusalAsync(path, drawn.Case, drawn.Refusal);
            InspectorException e = await Assert.ThrowsAsync<InspectorException>(() => refused.Running.WaitAsync(s_patience));
            await refused.TellAsync(e.Alert);

            TlmspException told = Assert.Throws<TlmspException>(() => refused.Receive());
            Assert.Equal((true, TlmspAlert.AccessDenied), (told.FromPeer, told.Alert));
            AssertNothingBehind(refused.Received, drawn.Case, drawn.Refusal);
        });

    [Theory]
    [InlineData(HttpWireVersion.Http11)]
    [InlineData(HttpWireVersion.Http2)]
    public void A_message_that_is_dropped_does_not_arrive_and_nothing_behind_it(HttpWireVersion version) =>
        Check(60, InspectionCase.WithRefusal(version, s_drop), async drawn =>
        {
            using PumpedPath path = Path(drawn.Case);
            PumpedWay refused = await SendToRefusalAsync(path, drawn.Case, drawn.Refusal);

            Assert.False(await refused.Running.WaitAsync(s_patience));
            List<Message> arrived = AssertNothingBehind(refused.Receive(), drawn.Case, drawn.Refusal);
            Message dropped = Sent(drawn.Case, drawn.Refusal)[RefusedAt(drawn.Case, drawn.Refusal)].Message;
            Assert.DoesNotContain(arrived, message => message.Id == dropped.Id);
            Assert.True(drawn.Case.Profile.Version == HttpWireVersion.Http2 || arrived.Count == RefusedAt(drawn.Case, drawn.Refusal));
        });

    [Fact]
    public void An_answer_in_the_servers_place_goes_between_those_of_the_server() =>
        Check(80, InspectionCase.WithRefusal(HttpWireVersion.Http11, s_respond), async drawn =>
        {
            (InspectionCase each, Refusal refusal) = drawn;
            Sending[] forwarded = [.. Requests(each).Where((_, index) => refusal.OfResponse || index != refusal.Index)];
            IEnumerable<Message> answers = each.Exchanges.SelectMany((exchange, index) => index != refusal.Index
                ? exchange.Responses.Select(each.Expect)
                : [.. refusal.OfResponse ? exchange.Responses[..^1].Select(each.Expect) : [], s_answer]);
            using PumpedPath path = Path(each);
            await SendAsync(path.Requests, each, Requests(each));
            Assert.True(await path.Requests.Running.WaitAsync(s_patience));
            Assert.Equal(forwarded.Select(each.Expect).Select(Text), Read(path.Requests, each, isRequests: true).Select(Text));

            await SendAsync(path.Responses, each, [.. each.Exchanges.Where((_, index) => refusal.OfResponse || index != refusal.Index)
                .SelectMany(exchange => exchange.Responses)]);
            Assert.True(await path.Responses.Running.WaitAsync(s_patience));
            Assert.Equal(answers.Select(Text), Read(path.Responses, each, isRequests: false).Select(Text));
        });

    private static void Check<T>(int count, Gen<T> cases, Func<T, Task> property) => Prop.ForAll(cases.ToArbitrary(), property)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static string Text(Message message) => message.Text;

    private static PumpedPath Path(InspectionCase each)
    {
        byte[] ids = [.. each.Profile.ContextIds];
        return new PumpedPath(each.Profile, each.MayWrite ? Grant.Write(ids) : Grant.Read(ids), each.Audited, each.Inspectors());
    }

    private static Sending[] Requests(InspectionCase each) => [.. each.Exchanges.Select(exchange => exchange.Request)];

    private static Sending[] Responses(InspectionCase each) => [.. each.Exchanges.SelectMany(exchange => exchange.Responses)];

    private static Sending[] Sent(InspectionCase each, Refusal refusal) => refusal.OfResponse ? Responses(each) : Requests(each);

    private static Task SendAsync(PumpedWay way, InspectionCase each, Sending[] sendings) => way.SendAsync(
        each.Profile.Version == HttpWireVersion.Http2
            ? Http2Wire.Write(sendings, each.Picks, isClient: sendings[0].Message.Id?[0] == 'q')
            : Http1Wire.Write(sendings),
        each.Containers,
        each.Reads);

    private static async Task<PumpedWay> SendToRefusalAsync(PumpedPath path, InspectionCase each, Refusal refusal)
    {
        await SendAsync(path.Requests, each, Requests(each));
        if (!refusal.OfResponse)
        {
            return path.Requests;
        }

        path.Requests.Receive();        // a server does not answer what it has not read
        await SendAsync(path.Responses, each, Responses(each));
        return path.Responses;
    }

    private static List<Message> Read(PumpedWay way, InspectionCase each, bool isRequests) => Read(way.Receive(), each, isRequests);

    private static List<Message> Read(byte[] stream, InspectionCase each, bool isRequests) => each.Profile.Version == HttpWireVersion.Http2
        ? Http2Wire.Read(stream, isRequests)
        : Http1Wire.Read(stream);

    private static int RefusedAt(InspectionCase each, Refusal refusal) => refusal.OfResponse
        ? each.Exchanges.Take(refusal.Index + 1).Sum(exchange => exchange.Responses.Length) - 1
        : refusal.Index;

    /// <summary>What arrived whole is what is expected, what arrived in part is its beginning, and the refused message is not whole.</summary>
    private static List<Message> AssertNothingBehind(byte[] stream, InspectionCase each, Refusal refusal)
    {
        Sending[] sent = Sent(each, refusal);
        int refusedAt = RefusedAt(each, refusal);
        Plan refusing = each.PlansOf(sent[refusedAt].Message.Id)[refusal.Inspector];
        bool holdsAll = refusing.Refuses == RefusalPoint.Head
            || (refusing.HoldsHead && (refusing.Refuses == RefusalPoint.FirstContent || refusing.HoldsContent == Plan.UntilTheEnd));
        List<Message> arrived = Read(stream, each, isRequests: !refusal.OfResponse);
        foreach (IGrouping<int, Message> messages in arrived.GroupBy(message => message.Stream))
        {
            Sending[] expected = [.. sent.Where(sending => sending.Message.Stream == messages.Key)];
            Assert.All(messages, (message, index) =>
            {
                Message whole = each.Expect(expected[index]);
                bool isRefused = expected[index] == sent[refusedAt];
                Assert.Equal(whole.HeadText, message.HeadText);
                Assert.StartsWith(
                    Encoding.Latin1.GetString(message.Content), Encoding.Latin1.GetString(whole.Content), StringComparison.Ordinal);
                Assert.True(!message.IsWhole || (message.Text == whole.Text && !isRefused));
                Assert.False(isRefused && holdsAll);
            });
        }

        if (each.Profile.Version == HttpWireVersion.Http11)
        {
            Assert.InRange(arrived.Count, 0, refusedAt + 1);
            Assert.All(arrived.SkipLast(1), message => Assert.True(message.IsWhole));
        }

        return arrived;
    }
}
