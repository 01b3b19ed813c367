using Tlmsp.Http;
using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Middleboxes that take containers away (A7, A8, C8, C9), also in contexts that are none of their business (X2).</summary>
public class DeletionAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A7",
            "the head of a request dropped behind a notice in the content context", "without write access to all contexts, or unaudited")
        {
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = DropHead(behind: Body),
            ServerNotices = true,
        },
        new BoxAttack("A7", "the same in audited contexts", "without write access to all contexts, or unaudited")
        {
            Grant = "body=rw",
            Audited = true,
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = DropHead(behind: Body),
            ServerNotices = true,
        },
        new BoxAttack("A7", "the head of a request dropped and nothing said", "BadFragmentTag")
        {
            Grant = "body=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Replace(toServer: true, Head, _ => { }),
            ServerNotices = true,
            Alert = TlmspAlert.BadReaderMac,
        },
        new BoxAttack("X2", "the head of a response deleted with the right to delete content alone", "without write access to all contexts")
        {
            Grant = "body=rd",
            Audited = true,
            Attack = Deeds.Replace(toServer: false, Head, direction => direction.Flow.Delete(Body, 1, direction.Output)),
        },
        new BoxAttack("X2", "the head of a request deleted with the right to write responses alone", "without write access to all contexts")
        {
            Grant = "req-body=rw,resp-head=rw,resp-body=rw",
            Audited = true,
            Profile = HttpProfile.Four,
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.Replace(
                toServer: true, HttpContexts.RequestHeaders,
                direction => direction.Flow.Delete(HttpContexts.RequestBody, 1, direction.Output)),
            ServerNotices = true,
            Context = HttpContexts.RequestBody,
        },
        new BoxAttack("X2", "content changed with the right to delete it", "may only delete in context 2")
        {
            Grant = "head=r,body=rd",
            Audited = true,
            Attack = Deeds.ChangeText(toServer: false, Body, content => content.ToUpperInvariant()),
            Alert = TlmspAlert.InternalError,
            Context = 0,
        },
        new BoxAttack("A8", "a whole response deleted without an audit", "without write access to all contexts, or unaudited")
        {
            Grant = "head=rw,body=rw",
            Attack = Deeds.Both(Deeds.Delete(toServer: false, Head), Deeds.Delete(toServer: false, Body)),
            Context = Head,
        },
        new BoxAttack("A8", "a whole request deleted without an audit", "without write access to all contexts, or unaudited")
        {
            Grant = "head=rw,body=rw",
            Attack = Deeds.Delete(toServer: true, Head),
            ServerNotices = true,
            Context = Head,
        },
        new BoxAttack("A8",
            "a whole response deleted, with every right and an audit, and the connection ended", "the connection ended before a response")
        {
            Grant = "head=rw,body=rw",
            Audited = true,
            Attack = Deeds.Both(
                Deeds.Both(Deeds.Delete(toServer: false, Head), Deeds.Delete(toServer: false, Body)),
                Deeds.CloseAfter(toServer: false, Body)),
            Context = Head,
        },
        new BoxAttack("A8", "a response of the middlebox's own before that of the server", "a response without a request")
        {
            Grant = "head=rw,body=rw",
            Attack = Deeds.Before(toServer: false, Head, direction => direction.Relay.Insert(Head, Latin1(Forged), direction.Output)),
            Context = Head,
            Behind = "200 ",
        },
        new BoxAttack("C8", "the second half of a head deleted", "a part of a message was removed by middlebox")
        {
            Grant = "head=rd,body=rd",
            Audited = true,
            Field = new string('x', 20_000),
            Attack = Deeds.Delete(toServer: true, Head, index: 1),
            ServerNotices = true,
            Context = Head,
        },
        new BoxAttack("C9", "the content of a response deleted", "a part of a message was removed by middlebox")
        {
            Grant = "head=rd,body=rd",
            Audited = true,
            Attack = Deeds.Delete(toServer: false, Body),
        },
        new BoxAttack("C9", "the middle of a request's content deleted", "a part of a message was removed by middlebox")
        {
            Grant = "head=rw,body=rw",
            Audited = true,
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = new string('x', Large),
            Attack = Deeds.Delete(toServer: true, Body, index: 1),
            ServerNotices = true,
        },
        new BoxAttack("C9", "DATA deleted, with every right and an audit", "deleted something, which HTTP/2 does not allow")
        {
            Http2 = true,
            Grant = "head=rw,body=rw",
            Audited = true,
            Attack = Deeds.Delete(toServer: false, Body),
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    /// <summary>
    /// Holds the head back, and sends the content again behind a notice for both: what http-mapping §5 found accepted by the reference.
    /// </summary>
    private static Func<RelayDirection, Deed?> DropHead(byte behind) => Deeds.Both(
        Deeds.Replace(toServer: true, Head, _ => { }),
        Deeds.Replace(toServer: true, behind, direction =>
        {
            direction.Flow.Delete(behind, 2, direction.Output);
            direction.Flow.Write(behind, "hello"u8, direction.Output);
        }));
}
