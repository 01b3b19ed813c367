using Tlmsp.Http;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>Sensitive fields before the eyes of who reads heads, and other fields in their context (C10).</summary>
public class SecretAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    private static readonly HttpProfile s_profile = HttpProfile.Four.WithSecrets();
    private static readonly byte[] s_credentials = [.. "Authorization: Basic YTpi\r\n"u8];

    private static readonly byte[] s_start = [.. "GET /ten HTTP/1.1\r\nHost: localhost\r\n"u8];
    private static readonly Part[] s_honest =
    [
        new(HttpContexts.RequestHeaders, s_start), new(HttpContexts.Secret, s_credentials),
        new(HttpContexts.RequestHeaders, Latin1("\r\n")),
    ];

    internal static readonly AttackRow[] Rows =
    [
        new ClientAttack("C10", "credentials in the head context", "a sensitive field outside of the secret context")
        {
            Profile = s_profile,
            Honest = s_honest,
            Whole = "GET /ten",
            Attack = [new(HttpContexts.RequestHeaders, [.. s_start, .. s_credentials])],
        },
        new ClientAttack("C10", "a field of routing in the secret context", "a line in the secret context that is no sensitive field")
        {
            Profile = s_profile,
            Honest = s_honest,
            Whole = "GET /ten",
            Attack = [new(HttpContexts.RequestHeaders, s_start), new(HttpContexts.Secret, Latin1("X-Forwarded-For: 10.0.0.1\r\n"))],
        },
        new BoxAttack("C10", "credentials added by a writer of heads", "a sensitive field outside of the secret context")
        {
            Profile = s_profile,
            Grant = "req-head=rw",
            Attack = Deeds.ChangeText(
                toServer: true, HttpContexts.RequestHeaders, head => head[..^2] + "Authorization: Basic YTpi\r\n\r\n"),
            ServerNotices = true,
            Context = HttpContexts.RequestHeaders,
        },
        new BoxAttack("C10",
            "a request made of the secret context by its writer", "a line in the secret context that is no sensitive field")
        {
            Profile = s_profile,
            Grant = "secret=rw",
            Credentials = true,
            Attack = Deeds.ChangeText(toServer: true, HttpContexts.Secret, fields => fields + "\r\n" + Evil),
            ServerNotices = true,
            Context = HttpContexts.Secret,
        },
        new BoxAttack("C10", "credentials guessed by a reader of heads", "NotPermitted")
        {
            Profile = s_profile,
            Grant = "req-head=r",
            Credentials = true,
            Attack = Deeds.Before(
                toServer: true, HttpContexts.Secret,
                direction => direction.Flow.Write(HttpContexts.Secret, s_credentials, direction.Output)),
            ServerNotices = true,
            Alert = TlmspAlert.InternalError,
            Context = 0,
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);
}
