using System.Security.Authentication;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>Where in a connection an attack comes; it decides which exceptions HttpClient wraps around ours.</summary>
internal enum Phase
{
    Handshake,
    Data,
}

/// <summary>How reports are written down, for what is expected and for what is observed alike.</summary>
internal static class Endings
{
    /// <summary>No report at all.</summary>
    public const string Nothing = "-";

    /// <summary>Our own patience ended.</summary>
    public const string TimedOut = "timeout";

    /// <summary>A complete and correct response.</summary>
    public const string Success = "success";

    /// <summary>The server closed in order before it answered.</summary>
    public const string NoResponse = "no response";

    /// <summary>Stands for every report.</summary>
    public const string Whatever = "*";

    /// <summary>The connection ended where it must not.</summary>
    public static readonly string Closed = Report(Misbehaviour.ClosedWithoutNotify, (int)TlmspAlert.CloseNotify);

    /// <summary>A middlebox lost its next hop, and tells the client so.</summary>
    public static readonly string NoWayOn = Report(Misbehaviour.NextHopRefused, (int)TlmspAlert.MiddleboxRouteFailure);

    /// <summary>A fault that a party found itself.</summary>
    public static string Report(Misbehaviour misbehaviour, int alert) => $"{misbehaviour} {alert}";

    /// <summary>A fatal alert that a party was sent.</summary>
    public static string Received(int alert) => Report(Misbehaviour.AlertReceived, alert);

    /// <summary>Any of some reports.</summary>
    public static string Or(params string[] reports) => string.Join(" or ", reports.Distinct());

    /// <summary>True when a report is what was expected.</summary>
    public static bool Matches(string expected, string actual) => expected == Whatever || expected.Split(" or ").Contains(actual);

    /// <summary>Which exceptions our HttpClient gives a report with.</summary>
    public static string AtHttpClient(string reports, Phase phase) => string.Join(" or ", reports.Split(" or ").Select(report => report switch
    {
        Success or Whatever or HttpClientTimeout => report,
        NoResponse => $"{nameof(HttpRequestException)}({HttpRequestError.ResponseEnded}) > {nameof(HttpIOException)} > nothing",
        TimedOut => Chain(HttpRequestError.ConnectionError, nameof(IOException), TimedOut),
        // Before the response's head is there TlmspHandler names the fault itself; what comes later the reader of the content is told.
        _ when phase == Phase.Data && report == Report(Misbehaviour.HttpMappingViolation, 47) => Or(
            Chain(HttpRequestError.Unknown, nameof(IOException), report),
            $"{nameof(HttpRequestException)}({HttpRequestError.InvalidResponse}) > {Chain(HttpRequestError.Unknown, nameof(IOException), report)}"),
        _ when phase == Phase.Data => Chain(HttpRequestError.Unknown, nameof(IOException), report),
        _ when report == Closed => Chain(HttpRequestError.ConnectionError, nameof(IOException), report),
        _ => Chain(HttpRequestError.SecureConnectionError, nameof(AuthenticationException), report),
    }));

    /// <summary>The exceptions of a request, outermost first, ending in what we reported.</summary>
    public static string AtHttpClient(Exception exception) => exception switch
    {
        TlmspException fault => Report(fault.Misbehaviour, (byte)fault.Alert),
        HttpRequestException e => $"{nameof(HttpRequestException)}({e.HttpRequestError}) > {Inner(e)}",
        TaskCanceledException { InnerException: TimeoutException } => HttpClientTimeout,
        OperationCanceledException => TimedOut,
        _ => $"{(exception is TlmspException ? nameof(TlmspException) : exception.GetType().Name)} > {Inner(exception)}",
    };

    /// <summary>Nothing came, and HttpClient's own patience ended.</summary>
    public const string HttpClientTimeout = "HttpClient.Timeout";

    private static string Chain(HttpRequestError error, string middle, string report) =>
        $"{nameof(HttpRequestException)}({error}) > {middle} > {report}";

    private static string Inner(Exception exception) => exception.InnerException is { } inner ? AtHttpClient(inner) : "nothing";
}
