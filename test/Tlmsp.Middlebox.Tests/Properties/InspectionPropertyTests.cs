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
    private const int Cancel = 8;       // RFC 9113 §7
    private static readonly InspectionVerdict s_close = InspectionVerdict.Close("planned");
    private static readonly InspectionVerdict s_drop = InspectionVerdict.Drop("planned");

    private static readonly InspectionVerdict s_respond = InspectionVerdict.Respond(
        new InspectionResponse(403) { Fields = [new HttpField("x-box", "1")], Content = "not by this box"u8.ToArray() }, "planned");

    [Theory]
    [InlineData(HttpWireVersion.Http11)]
    [InlineData(HttpWireVersion.Http2)]
    public void Every_message_arrives_as_the_verdicts_make_it(HttpWireVersion version) => Check(50, InspectionCase.Of(version), async each =>
    {
        using var connection = await InspectedConnection.StartAsync(each);
        await connection.SendRequestsAsync();
        Assert.True(await connection.Requests.EndAsync());
        AssertSame(each.Requests.Select(each.Expect), connection.ReadRequests());

        await connection.SendResponsesAsync(each.Responses);
        Assert.True(await connection.Responses.EndAsync());
        AssertSame(each.Responses.Select(each.Expect), connection.ReadResponses());
    });

    [Theory]
    [InlineData(HttpWireVersion.Http11)]
    [InlineData(HttpWireVersion.Http2)]
    public void After_a_message_for_which_the_connection_is_closed_nothing_arrives(HttpWireVersion version) =>
        Check(50, InspectionCase.WithRefusal(version, s_close), async drawn =>
        {
            (InspectionCase each, Refusal refusal) = drawn;
            using var connection = await InspectedConnection.StartAsync(each);
            PumpedWay refused = await SendToRefusalAsync(connection, each, refusal);
            InspectorException e = await Assert.ThrowsAsync<InspectorException>(refused.EndAsync);
            await refused.TellAsync(e.Alert);

            TlmspException told = Assert.Throws<TlmspException>(() => refused.Receive());
            Assert.Equal((true, TlmspAlert.AccessDenied), (told.FromPeer, told.Alert));
            AssertNothingBehind(connection.Read(refused), each, refusal);
        });

    [Fact]
    public void A_message_that_is_dropped_does_not_arrive_and_nothing_behind_it() =>
        Check(50, InspectionCase.WithRefusal(HttpWireVersion.Http11, s_drop), async drawn =>
        {
            (InspectionCase each, Refusal refusal) = drawn;
            using var connection = await InspectedConnection.StartAsync(each);
            PumpedWay refused = await SendToRefusalAsync(connection, each, refusal);
            Assert.False(await refused.EndAsync());

            refused.Receive();
            AssertSame(each.SentIn(refusal).TakeWhile(sending => sending != each.Refused(refusal)).Select(each.Expect), connection.Read(refused));
        });

    [Theory]
    [InlineData(HttpWireVersion.Http11)]
    [InlineData(HttpWireVersion.Http2)]
    public void An_answer_in_the_servers_place_goes_between_those_of_the_server(HttpWireVersion version)
    {
        bool isHttp2 = version == HttpWireVersion.Http2;
        CheckInstead(version, s_respond, 60, stream => new Message(
            stream, isHttp2 ? "403" : "HTTP/1.1 403 Forbidden", [("x-box", "1")], [.. "not by this box"u8], []));
    }

    [Fact]
    public void Over_HTTP2_a_message_that_is_dropped_ends_its_stream_and_no_other() =>
        CheckInstead(HttpWireVersion.Http2, s_drop, 40, stream => Http2Wire.Reset(stream, Cancel));

    /// <summary>One message is kept back, its client is told something instead, and every other arrives.</summary>
    private static void CheckInstead(HttpWireVersion version, InspectionVerdict verdict, int count, Func<int, Message> instead) =>
        Check(count, InspectionCase.WithRefusal(version, verdict), async drawn =>
        {
            (InspectionCase each, Refusal refusal) = drawn;
            bool Goes(Exchange exchange) => refusal.OfResponse || exchange != each.Exchanges[refusal.Index];
            using var connection = await InspectedConnection.StartAsync(each);
            await connection.SendRequestsAsync();
            Assert.True(await connection.Requests.EndAsync());
            AssertSame(each.Exchanges.Where(Goes).Select(exchange => each.Expect(exchange.Request)), connection.ReadRequests());

            await connection.SendResponsesAsync([.. each.Exchanges.Where(Goes).SelectMany(exchange => exchange.Responses)]);
            Assert.True(await connection.Responses.EndAsync());
            AssertSame(
                each.Exchanges.SelectMany(exchange => exchange != each.Exchanges[refusal.Index]
                    ? exchange.Responses.Select(each.Expect)
                    : [.. exchange.Responses[..^1].Where(_ => refusal.OfResponse).Select(each.Expect), instead(exchange.Request.Message.Stream)]),
                connection.ReadResponses().Where(message => message != Http2Wire.Reset(message.Stream, 0)));
        });

    private static void Check<T>(int count, Gen<T> cases, Func<T, Task> property) => Prop.ForAll(cases.ToArbitrary(), property)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(count));

    private static void AssertSame(IEnumerable<Message> expected, IEnumerable<Message> arrived) =>
        Assert.Equal(expected.Select(message => message.Text), arrived.Select(message => message.Text));

    private static async Task<PumpedWay> SendToRefusalAsync(InspectedConnection connection, InspectionCase each, Refusal refusal)
    {
        await connection.SendRequestsAsync();
        if (!refusal.OfResponse)
        {
            return connection.Requests;
        }

        connection.ReadRequests();      // a server does not answer what it has not read
        await connection.SendResponsesAsync(each.Responses);
        return connection.Responses;
    }

    /// <summary>What arrived whole is what is expected, what arrived in part is its beginning, and the refused message is not whole.</summary>
    private static void AssertNothingBehind(List<Message> arrived, InspectionCase each, Refusal refusal)
    {
        Sending[] sent = each.SentIn(refusal);
        Sending refused = each.Refused(refusal);
        Plan refusing = each.PlansOf(refused.Message.Id)[refusal.Inspector];
        bool holdsAll = refusing.Refuses == RefusalPoint.Head
            || (refusing.HoldsHead && (refusing.Refuses == RefusalPoint.FirstContent || refusing.HoldsContent == Plan.UntilTheEnd));
        foreach (IGrouping<int, Message> messages in arrived.GroupBy(message => message.Stream))
        {
            Sending[] expected = [.. sent.Where(sending => sending.Message.Stream == messages.Key)];
            Assert.All(messages, (message, index) =>
            {
                Message whole = each.Expect(expected[index]);
                Assert.Equal(whole.HeadText, message.HeadText);
                Assert.StartsWith(
                    Encoding.Latin1.GetString(message.Content), Encoding.Latin1.GetString(whole.Content), StringComparison.Ordinal);
                Assert.True(!message.IsWhole || (message.Text == whole.Text && expected[index] != refused));
                Assert.False(expected[index] == refused && holdsAll);
            });
        }

        if (each.Profile.Version == HttpWireVersion.Http11)
        {
            Assert.InRange(arrived.Count, 0, Array.IndexOf(sent, refused) + 1);
            Assert.All(arrived.SkipLast(1), message => Assert.True(message.IsWhole));
        }
    }
}
