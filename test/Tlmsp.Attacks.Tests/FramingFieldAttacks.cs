using System.Buffers;
using Tlmsp.TestSupport;
using Xunit.Abstractions;
using static Tlmsp.Attacks.Tests.Messages;
using static Tlmsp.Attacks.Tests.Payload;

namespace Tlmsp.Attacks.Tests;

/// <summary>A writer of heads that changes what frames the content, which it may not write (A5, C3).</summary>
public class FramingFieldAttacks(AttackReport report, ITestOutputHelper output) : AttackFamily(report, output)
{
    internal static readonly AttackRow[] Rows =
    [
        new BoxAttack("A5", "Content-Length made smaller", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "head=rw",
            Attack = Deeds.ChangeText(
                toServer: false, Head, head => head.Replace("Content-Length: 10", "Content-Length: 5")),
        },
        new BoxAttack("A5", "Content-Length made larger, and the end of the connection", "the connection ended inside a message")
        {
            Grant = "head=rw",
            Attack = Deeds.Both(
                Deeds.ChangeText(
                    toServer: false, Head, head => head.Replace("Content-Length: 10", "Content-Length: 11")),
                Deeds.CloseAfter(toServer: false, Body)),
            Context = Head,
        },
        new BoxAttack("A5", "Content-Length cut to where a container of the server's ends",
            "Head bytes are due, and the container is in the Content context")
        {
            Grant = "head=rw",
            Path = "/large",
            Attack = Deeds.ChangeText(
                toServer: false, Head, head => head.Replace($"{Large}", $"{ContainerWriter.MaxPlaintext}")),
            Behind = $"200 {new string('x', ContainerWriter.MaxPlaintext)}",
        },
        new BoxAttack("A5", "Content-Length taken away", "a response that only the end of the connection would end")
        {
            Grant = "head=rw",
            Attack = Deeds.ChangeText(toServer: false, Head, head => head.Replace("Content-Length: 10\r\n", "")),
            Context = Head,
        },
        new BoxAttack("A5", "a second Content-Length", "two Content-Length fields")
        {
            Grant = "head=rw",
            Attack = Deeds.ChangeText(toServer: false, Head, head => head[..^2] + "Content-Length: 10\r\n\r\n"),
            Context = Head,
        },
        new BoxAttack("A5", "chunked in place of Content-Length", "chunk-size line of more than 256 bytes")
        {
            Grant = "head=rw",
            Path = "/large",
            Attack = Deeds.ChangeText(
                toServer: false, Head, head => head.Replace($"Content-Length: {Large}", "Transfer-Encoding: chunked")),
        },
        new BoxAttack("A5",
            "status 204 in place of 200, so that there is no content", "Head bytes are due, and the container is in the Content context")
        {
            Grant = "head=rw",
            Attack = Deeds.ChangeText(toServer: false, Head, head => head.Replace("200 OK", "204 No Content")),
            Behind = "204 ",
        },
        new BoxAttack("C3",
            "Content-Length of a request made smaller, so that its rest is a request",
            "Head bytes are due, and the container is in the Content context")
        {
            Grant = "head=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello" + Evil,
            Attack = Deeds.ChangeText(
                toServer: true, Head, head => head.Replace($"Content-Length: {5 + Evil.Length}", "Content-Length: 5")),
            ServerNotices = true,
        },
        new BoxAttack("C3", "Transfer-Encoding added beside Content-Length", "both Content-Length and Transfer-Encoding")
        {
            Grant = "head=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = Deeds.ChangeText(toServer: true, Head, head => head[..^2] + "Transfer-Encoding: chunked\r\n\r\n"),
            ServerNotices = true,
            Context = Head,
        },
        new BoxAttack("C3", "END_STREAM set on the head of a request", "DATA on stream 1")
        {
            Http2 = true,
            Grant = "head=rw",
            Method = HttpMethod.Post,
            Path = "/upload",
            Content = "hello",
            Attack = EndStreamOnHeaders(toServer: true),
            ServerNotices = true,
        },
        new BoxAttack("C3", "END_STREAM set on the head of a response", "DATA on stream 1")
        {
            Http2 = true,
            Grant = "head=rw",
            Attack = EndStreamOnHeaders(toServer: false),
            Behind = "200 ",
        },
    ];

    public static TheoryData<string> Names => NamesOf(Rows);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_refused(string attack) => RunAsync(Rows, attack);

    /// <summary>Sets END_STREAM on the first HEADERS frame of a direction.</summary>
    private static Func<RelayDirection, Deed?> EndStreamOnHeaders(bool toServer) => direction =>
    {
        bool done = false;
        return direction.ToServer != toServer
            ? null
            : (in RelayedContainer container, IBufferWriter<byte> replacement) =>
            {
                byte[] data = container.Plaintext.ToArray();
                if (done || container.ContextId != Head || Heads.FindHeaders(data) is not { } at)
                {
                    return RelayAction.Forward;
                }

                done = true;
                data[at + 4] |= EndStream;
                replacement.Write(data);
                return RelayAction.Modify;
            };
    };
}
