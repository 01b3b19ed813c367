using System.Net.Sockets;

namespace Tlmsp.Tool.Cli;

/// <summary>Turns what went wrong into a message that says what to do, and an exit status.</summary>
internal static class Failure
{
    /// <param name="e">What was thrown.</param>
    /// <param name="message">One or two lines.</param>
    /// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
    /// <returns>False for an exception that is a defect of this program.</returns>
    public static bool TryDescribe(Exception e, out string message, out int exitCode)
    {
        (message, exitCode) = e switch
        {
            UsageException => (e.Message, ExitCode.Usage),
            _ when Find<TlmspException>(e) is { } fault => (Describe(fault), OfFault(fault)),
            FailedException => (e.Message, ExitCode.Failure),
            _ when Find<SocketException>(e) is { } socket => ($"no connection: {socket.Message}", ExitCode.Connection),
            _ when Find<TimeoutException>(e) is { } timeout => ($"timeout: {timeout.Message}", ExitCode.Connection),
            OperationCanceledException => ("cancelled", ExitCode.Cancelled),
            HttpRequestException => ($"{Kind(e)}: {Deepest(e).Message}", ExitCode.Failure),
            IOException or UnauthorizedAccessException => (e.Message, ExitCode.Failure),
            _ => ("", ExitCode.Failure),
        };
        return message.Length > 0;
    }

    /// <summary>The fault's name, what and where it was, the alert, and a hint where there is something to do about it.</summary>
    public static string Describe(TlmspException fault)
    {
        string text = fault.FromPeer ? $"{fault.Misbehaviour}: {fault.Message}" : fault.Message;
        return Hint(fault) is { } hint ? $"{text}\nhint: {hint}" : text;
    }

    /// <summary>The first exception of a type in the chain of causes.</summary>
    public static T? Find<T>(Exception? e)
        where T : Exception => e is null ? null : e as T ?? Find<T>(e.InnerException);

    private static int OfFault(TlmspException fault) =>
        fault.Misbehaviour == Misbehaviour.ClosedWithoutNotify ? ExitCode.Connection : ExitCode.Failure;

    private static string? Hint(TlmspException fault) => fault switch
    {
        { Misbehaviour: Misbehaviour.UntrustedCertificate } => "name the CA of the path with --ca FILE; 'tlmsp certs' makes one.",
        { Misbehaviour: Misbehaviour.CertificateNameMismatch } => "a certificate must name the host of the address that it is used under.",
        { Misbehaviour: Misbehaviour.MissingTlmspExtension or Misbehaviour.PlainTls } => "the other side speaks TLS, but not TLMSP.",
        { FromPeer: true, Alert: TlmspAlert.MiddleboxAuthorizationFailure } =>
            "the server accepts the list of middleboxes as a whole: each one with exactly the rights that --via gives it, or none.",
        { FromPeer: true, Alert: TlmspAlert.MiddleboxRouteFailure } =>
            "a middlebox does not connect to the next one, or to the server: it must be allowed to, and the next hop must listen.",
        { FromPeer: true, Alert: TlmspAlert.UnknownCa } => "the other side does not trust the CA of a certificate on the path.",
        _ => null,
    };

    private static string Kind(Exception e) => e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http
        ? http.HttpRequestError.ToString()
        : "request failed";

    private static Exception Deepest(Exception e) => e.InnerException is { } inner ? Deepest(inner) : e;
}
