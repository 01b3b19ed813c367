using static Tlmsp.Interop.Tests.Hostile.EndpointRows;
using static Tlmsp.Misbehaviour;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>What either endpoint can do wrong after a good handshake, in the peer's words for each.</summary>
internal static class EndpointDataRows
{
    private const string FiveWarnings = "--send-alert 1:90 --send-alert 1:90 --send-alert 1:90 --send-alert 1:90 --send-alert 1:90";

    /// <param name="content">The switch that sets the content of the message.</param>
    /// <param name="empty">What sends an empty container.</param>
    /// <param name="hello">Type of the message that would begin another handshake.</param>
    public static IEnumerable<EndpointRow> Create(string content, string empty, string hello) =>
    [
        // http-mapping §6: A1, A4.
        .. Data(Neighbour(HttpMappingViolation, 47), "--head-in-body", "--body-in-head", "--head-in-body --body-in-head"),

        .. Data(Neighbour(BadFragmentTag, 177), "--relabel 1:2", "--relabel 2:1"),
        .. Data(Neighbour(DataInControlContext, 80), "--relabel 1:0"),
        .. Data(Neighbour(UnknownContext, 174), "--relabel 1:7", "--relabel 2:7"),
        .. Data(Neighbour(ContainerTooLong, 22), $"--container-size 20000 {content} fill:40000"),
        .. Data(FarEnd(EmptyContainerFlood, 10), string.Concat(Enumerable.Repeat($"{empty} ", 33)).TrimEnd()),
        .. Data(
            Harmless,
            "--empty-containers", "--container-size 1", $"--container-size 16356 {content} fill:40000", "--pack 2 --container-size 4",
            "--pack 100 --container-size 1"),

        .. Data(Neighbour(Renegotiation, 10), @"--raw 20:\x01", "--raw 20:", $@"--raw 22:\x{hello}\x00\x00\x00", "--raw 22:fill:60", "--raw 22:"),
        .. Data(Neighbour(UnknownRecordType, 10), "--raw 24:hello"),
        .. Data(Neighbour(EmptyRecord, 50), "--raw 21:", "--raw 23:"),
        .. Data(Neighbour(MalformedContainer, 50), "--raw 23:hello", "--raw 23:fill:200", "--raw 21:hex:0000000002"),
        // An alert without protection could come from anybody; the reference accepts it (records-keys.md §10.1).
        .. Data(Neighbour(MalformedAlert, 50), @"--raw 21:\x02\x28", @"--raw 21:\x01\x00", @"--raw 21:\x02\x02\x28"),

        .. Data(Alerted(40, attacker: "closed"), "--send-alert 2:40"),
        .. Data(Alerted(0, attacker: "closed"), "--send-alert 2:0"),
        .. Data(Alerted(80, attacker: "closed"), "--send-alert 2:80:1", "--send-alert 2:80:2"),
        .. Data(Neighbour(UnknownContext, 174), "--send-alert 2:80:7"),
        .. Data(Neighbour(CloseNotifyOutsideControl, 10), "--send-alert 1:0:1"),
        .. Data(Neighbour(MalformedAlert, 50), "--send-alert 3:90", "--send-alert 0:0"),
        .. Data(Neighbour(WarningFlood, 10), FiveWarnings),
        .. Data(Harmless, "--send-alert 1:90", "--send-alert 1:90:1", FiveWarnings[..FiveWarnings.LastIndexOf(" --", StringComparison.Ordinal)]),
    ];
}
