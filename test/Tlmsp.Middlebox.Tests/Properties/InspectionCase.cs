using FsCheck;
using FsCheck.Fluent;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>A request and what the server answers: interim responses, and the final one.</summary>
internal sealed record Exchange(Sending Request, Sending[] Responses);

/// <summary>Which message an inspector refuses.</summary>
/// <param name="Index">The exchange.</param>
/// <param name="OfResponse">Whether it is its final response, or the request.</param>
/// <param name="Inspector">Who refuses.</param>
/// <param name="Point">When.</param>
/// <param name="Verdict">How.</param>
internal sealed record Refusal(int Index, bool OfResponse, int Inspector, RefusalPoint Point, InspectionVerdict Verdict);

/// <summary>A connection: what is sent, how it is cut on its way, and what inspectors do with it.</summary>
internal sealed record InspectionCase(
    HttpProfile Profile, bool Audited, bool MayWrite, bool MayResize, Exchange[] Exchanges, Plan[][] RequestPlans, Plan[][] ResponsePlans,
    int[] Containers, int[] Reads, int[] Picks)
{
    private static readonly HttpProfile[] s_http1 = [HttpProfile.Two, HttpProfile.Four, HttpProfile.Two.WithSecrets(), HttpProfile.Four.WithSecrets()];

    private static readonly HttpProfile[] s_http2 =
        [HttpProfile.Two.For(HttpWireVersion.Http2), HttpProfile.Four.For(HttpWireVersion.Http2), HttpProfile.Five];

    private static readonly (string, string)[] s_host = [("host", "a.example")];
    private static readonly Gen<bool> s_bool = ArbMap.Default.GeneratorFor<bool>();
    private static readonly Gen<int> s_small = Gen.Choose(1, 60);
    private static readonly Gen<int[]> s_sizes = Gen.Frequency(
        (1, s_small.ArrayOf(5)), (3, Gen.Choose(1, 2_000).ArrayOf(5)), (1, Gen.Choose(8_000, 16_000).ArrayOf(3)));

    private static readonly Gen<(string, string)> s_field =
        from name in Gen.Elements("accept", "x-set", "x-remove", "via", "cookie", "authorization")
        from value in Gen.Elements("", "a", "b;c=d, e", "\"quoted: text\"", new string('x', 300), "é")
        select (name, value);

    private static readonly Gen<Plan> s_plan =
        from holdsHead in s_bool
        from holdsContent in Gen.Elements(0, 0, 1, 2, Plan.UntilTheEnd, Plan.UntilTheEnd)
        from head in Gen.Elements(Enum.GetValues<HeadChange>())
        from content in Gen.Elements(Enum.GetValues<ContentChange>())
        select new Plan(holdsHead, holdsContent, head, content);

    /// <summary>Its number is not known yet: that of its exchange.</summary>
    private static readonly Gen<Func<int, bool, HttpWireVersion, Sending>> s_sending =
        from fields in s_field.ArrayOf()
        from size in Gen.Frequency((1, Gen.Constant(0)), (5, Gen.Choose(1, 900)), (1, Gen.Choose(15_000, 40_000)))
        from pieces in s_sizes
        from isChunked in s_bool
        from trailers in Gen.Elements<(string, string)[]>([], [], [("digest", "x")], [("digest", "x"), ("more", "é")])
        from quirk in Gen.Choose(0, 200)
        select (Func<int, bool, HttpWireVersion, Sending>)((number, isRequest, version) =>
        {
            bool isHttp2 = version == HttpWireVersion.Http2;
            string start = isRequest ? $"POST /{number}" : "200";
            byte[] content = [.. Enumerable.Range(0, size).Select(at => (byte)('a' + (((at * 7) + (at / 26) + number) % 26)))];
            return new Sending(
                new Message(
                    isHttp2 ? (2 * number) + 1 : 0,
                    isHttp2 ? start : isRequest ? $"{start} HTTP/1.1" : $"HTTP/1.1 {start} Fine",
                    [.. isRequest && !isHttp2 ? s_host : [], ("x-id", $"{(isRequest ? 'q' : 'p')}{number}"), .. fields.Take(8)],
                    content,
                    isHttp2 || isChunked ? trailers : []),
                isChunked && !isHttp2,
                pieces,
                quirk);
        });

    private static readonly Gen<Func<int, HttpWireVersion, Exchange>> s_exchange =
        from request in s_sending
        from response in s_sending
        from interim in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 2)))
        select (Func<int, HttpWireVersion, Exchange>)((number, version) => new Exchange(
            request(number, true, version),
            [.. Enumerable.Range(0, interim).Select(_ => Interim(number, version)), response(number, false, version)]));

    private static Sending Interim(int number, HttpWireVersion version) => version == HttpWireVersion.Http2
        ? new Sending(new Message((2 * number) + 1, "103", [("link", "x")], [], []), false, [1], 0)
        : new Sending(new Message(0, "HTTP/1.1 103 Early Hints", [("link", "x")], [], []), false, [1], 0);

    /// <summary>Connections on which nothing is refused.</summary>
    public static Gen<InspectionCase> Of(HttpWireVersion version) =>
        from profile in Gen.Elements(version == HttpWireVersion.Http2 ? s_http2 : s_http1)
        from audited in s_bool
        from mayWrite in Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))
        from mayResize in s_bool
        from exchanges in s_exchange.NonEmptyListOf()
        from inspectors in Gen.Choose(1, 2)
        from plans in s_plan.ArrayOf(40)
        from containers in s_sizes
        from reads in s_sizes
        from picks in Gen.Choose(0, 1_000).ArrayOf(9)
        select new InspectionCase(
            profile, audited, mayWrite, mayResize && mayWrite,
            [.. exchanges.Take(10).Select((exchange, number) => exchange(number, version))],
            Plans(plans, inspectors, mayWrite, 0), Plans(plans, inspectors, mayWrite, 20), containers, reads, picks);

    /// <summary>Connections on which one message is refused.</summary>
    public static Gen<(InspectionCase Case, Refusal Refusal)> WithRefusal(HttpWireVersion version, params InspectionVerdict[] verdicts) =>
        from each in Of(version)
        from index in Gen.Choose(0, each.Exchanges.Length - 1)
        from ofResponse in s_bool
        from inspector in Gen.Choose(0, each.RequestPlans.Length - 1)
        from point in Gen.Elements(Enum.GetValues<RefusalPoint>())
        from verdict in Gen.Elements(verdicts)
        where each.MayWrite || verdict.Action == InspectionAction.Close
        select (each.Refusing(new Refusal(index, ofResponse, inspector, point, verdict)), new Refusal(index, ofResponse, inspector, point, verdict));

    public Sending[] Requests => [.. Exchanges.Select(exchange => exchange.Request)];

    public Sending[] Responses => [.. Exchanges.SelectMany(exchange => exchange.Responses)];

    /// <summary>All messages of the direction in which one is refused.</summary>
    public Sending[] SentIn(Refusal refusal) => refusal.OfResponse ? Responses : Requests;

    /// <summary>The message that is refused.</summary>
    public Sending Refused(Refusal refusal) => refusal.OfResponse ? Exchanges[refusal.Index].Responses[^1] : Exchanges[refusal.Index].Request;

    /// <summary>What each inspector does with a message, which its field x-id names.</summary>
    public IReadOnlyList<Plan> PlansOf(string? id) => id is null
        ? []
        : [.. (id[0] == 'q' ? RequestPlans : ResponsePlans).Select(plans => plans[int.Parse(id.AsSpan(1), provider: null)])];

    public ITlmspInspector[] Inspectors() =>
        [.. Enumerable.Range(0, RequestPlans.Length).Select(index => new PlannedInspector(index, id => PlansOf(id)[index], MayResize))];

    public Message Expect(Sending sending) => Model.Expect(sending, PlansOf(sending.Message.Id), Profile, MayResize);

    private static Plan[][] Plans(Plan[] drawn, int inspectors, bool mayWrite, int first) =>
    [
        .. Enumerable.Range(0, inspectors).Select(inspector => drawn[(first + (10 * inspector))..(first + (10 * inspector) + 10)]
            .Select(plan => mayWrite ? plan : plan with { Head = HeadChange.None, Content = ContentChange.None }).ToArray()),
    ];

    /// <summary>Whoever keeps a message back has to have held its head, unless it closes the connection.</summary>
    private InspectionCase Refusing(Refusal refusal)
    {
        Plan[][] plans = [.. (refusal.OfResponse ? ResponsePlans : RequestPlans).Select(each => (Plan[])[.. each])];
        Plan plan = plans[refusal.Inspector][refusal.Index];
        plans[refusal.Inspector][refusal.Index] = (refusal.Verdict.Action == InspectionAction.Close
            ? plan
            : plan with { HoldsHead = true, HoldsContent = Plan.UntilTheEnd }) with { Refuses = refusal.Point, Verdict = refusal.Verdict };
        return refusal.OfResponse ? this with { ResponsePlans = plans } : this with { RequestPlans = plans };
    }
}
