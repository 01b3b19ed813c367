using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>
/// The way through an HTTP proxy (RFC 9110 §9.3.6). SocketsHttpHandler has one of its own, but runs plain TLS inside it. The proxy's answer
/// is read strictly, and no byte of the tunnel with it.
/// </summary>
internal static class ProxyTunnel
{
    private const int MaxAnswerBytes = 16 * 1024;
    private const int MaxInformational = 8;

    /// <summary>The proxy on the way to a hop; null when it is to be reached directly.</summary>
    /// <exception cref="ArgumentException">The proxy is not an HTTP proxy.</exception>
    public static Uri? Find(IWebProxy? proxy, DnsEndPoint hop)
    {
        var target = new Uri($"https://{TlmspHttpOptions.Authority(hop)}/");
        if (proxy is null || proxy.IsBypassed(target) || proxy.GetProxy(target) is not { } found || found == target)
        {
            return null;
        }

        ThrowUnlessHttp(found);
        return found;
    }

    /// <exception cref="ArgumentException">The proxy is not an HTTP proxy.</exception>
    public static void ThrowUnlessHttp(Uri proxy)
    {
        if (!proxy.IsAbsoluteUri || proxy.Scheme != Uri.UriSchemeHttp)
        {
            throw new ArgumentException($"The proxy '{Name(proxy)}' cannot be used: TLMSP goes through HTTP proxies only. Set one with the scheme http.");
        }
    }

    /// <summary>Asks the proxy at the other end of a transport for a tunnel to a hop.</summary>
    /// <exception cref="HttpRequestException">It refused, or did not answer as an HTTP proxy does.</exception>
    public static async Task OpenAsync(
        ITlmspTransport transport, DnsEndPoint hop, Uri proxy, ICredentials? credentials, CancellationToken cancellationToken)
    {
        transport.Output.Write(Encoding.ASCII.GetBytes(Request(TlmspHttpOptions.Authority(hop), credentials?.GetCredential(proxy, "Basic"))));
        await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        for (int informational = 0; informational <= MaxInformational; informational++)
        {
            int status = await ReadStatusAsync(transport.Input, proxy, cancellationToken).ConfigureAwait(false);
            switch (status)
            {
                case >= 200 and < 300:
                    return;
                case < 200 and not 101:
                    continue;
                default:
                    string hint = status == 407 ? " Set Credentials of the proxy; the scheme Basic is supported." : "";
                    throw new HttpRequestException(
                        HttpRequestError.ProxyTunnelError, $"The proxy {Name(proxy)} refused the tunnel to {TlmspHttpOptions.Authority(hop)} with status {status}.{hint}",
                        inner: null, (HttpStatusCode)status);
            }
        }

        throw Failed(proxy, "sent too many informational answers");
    }

    private static string Request(string authority, NetworkCredential? credential)
    {
        // The system's default credential has no name: it is for other schemes.
        if (credential is null || credential.UserName.Length == 0)
        {
            return $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n";
        }

        string user = credential.Domain.Length > 0 ? $"{credential.Domain}\\{credential.UserName}" : credential.UserName;
        if (user.Contains(':', StringComparison.Ordinal))
        {
            throw new HttpRequestException(HttpRequestError.ProxyTunnelError, "The user name for the proxy has a colon, which Basic authentication cannot carry (RFC 7617 §2).");
        }

        string token = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{credential.Password}"));
        return $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nProxy-Authorization: Basic {token}\r\n\r\n";
    }

    /// <summary>Reads one head; the bytes behind it stay in the input. Fields frame nothing here, as no content follows a 2xx (RFC 9110 §9.3.6).</summary>
    private static async Task<int> ReadStatusAsync(PipeReader input, Uri proxy, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var reader = new SequenceReader<byte>(result.Buffer);
            bool found = reader.TryReadTo(out ReadOnlySequence<byte> head, "\r\n\r\n"u8);
            bool tooLong = (found ? head.Length : result.Buffer.Length) > MaxAnswerBytes;
            int? status = found && !tooLong ? Parse(head.ToArray()) : null;
            input.AdvanceTo(found ? reader.Position : result.Buffer.Start, found ? reader.Position : result.Buffer.End);
            if (status is { } parsed)
            {
                return parsed;
            }

            if (found || tooLong)
            {
                throw Failed(proxy, tooLong ? $"answered CONNECT with more than {MaxAnswerBytes} bytes" : "did not answer CONNECT with HTTP");
            }

            if (result.IsCompleted)
            {
                throw Failed(proxy, "closed the connection before it had answered CONNECT");
            }
        }
    }

    /// <returns>The status; null when a line is not strictly HTTP.</returns>
    private static int? Parse(ReadOnlySpan<byte> head)
    {
        int lineEnd = head.IndexOf("\r\n"u8);
        if (!HttpSyntax.TryParseStatusLine(lineEnd < 0 ? head : head[..lineEnd], out int status, out _))
        {
            return null;
        }

        while (lineEnd >= 0)
        {
            head = head[(lineEnd + 2)..];
            lineEnd = head.IndexOf("\r\n"u8);
            if (!HttpSyntax.TryParseField(lineEnd < 0 ? head : head[..lineEnd], out _, out _))
            {
                return null;
            }
        }

        return status;
    }

    private static HttpRequestException Failed(Uri proxy, string what) =>
        new(HttpRequestError.ProxyTunnelError, $"The proxy {Name(proxy)} {what}.");

    /// <summary>Without user information, which does not belong in a message.</summary>
    private static string Name(Uri proxy) => proxy.IsAbsoluteUri ? proxy.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) : "without a scheme";
}
