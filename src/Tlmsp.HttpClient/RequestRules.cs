using System.Net;
using System.Net.Http;
using Tlmsp.Http;

namespace Tlmsp.Client;

/// <summary>Which requests TLMSP carries: what it does not carry must fail, never go another way.</summary>
internal static class RequestRules
{
    /// <exception cref="HttpRequestException">The request is not for https or wss, or insists on HTTP/3.</exception>
    public static void ThrowUnlessCarried(HttpRequestMessage request)
    {
        // ClientWebSocket asks for wss, which is https until the response.
        if (request.RequestUri is { IsAbsoluteUri: true } uri && uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeWss)
        {
            throw new HttpRequestException(
                HttpRequestError.SecureConnectionError, $"A TLMSP handler takes https and wss URIs only, not '{uri.Scheme}'.");
        }

        if (request.Version.Major >= 3 && request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower)
        {
            throw new HttpRequestException(
                HttpRequestError.VersionNegotiationError,
                $"TLMSP connections carry HTTP/1.1 and HTTP/2, and the request insists on HTTP/{request.Version}. "
                + "Set its VersionPolicy to RequestVersionOrLower.");
        }
    }

    /// <summary>Whether HTTP/2 is to be tried.</summary>
    public static bool MayBeHttp2(HttpRequestMessage request) =>
        request.Version.Major >= 2 || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher;

    /// <summary>Whether no other version will do.</summary>
    public static bool InsistsOnHttp2(HttpRequestMessage request) =>
        request.Version.Major >= 2 && request.VersionPolicy != HttpVersionPolicy.RequestVersionOrLower;

    /// <exception cref="HttpRequestException">The request insists on HTTP/2, which the server does not do.</exception>
    public static void ThrowIfHttp2Only(HttpRequestMessage request)
    {
        if (InsistsOnHttp2(request))
        {
            throw new HttpRequestException(
                HttpRequestError.VersionNegotiationError,
                "The server does not do HTTP/2 over TLMSP (alert 175), and the request insists on it. "
                + "Set its VersionPolicy to RequestVersionOrLower.");
        }
    }

    /// <summary>Has a request name the content context that it, or else the policy, is for.</summary>
    /// <exception cref="InvalidOperationException">The profile does not have it.</exception>
    public static void NameContent(HttpRequestMessage request, TlmspHttpOptions options)
    {
        string? name = request.FindTlmspContent()
            ?? (request.RequestUri is { IsAbsoluteUri: true } uri ? options.Content.Find(uri.AbsolutePath) : null);
        if (name is null)
        {
            return;
        }

        request.Headers.Remove(HttpContentSet.Field);
        if (name.Length > 0)
        {
            request.Headers.Add(HttpContentSet.Field, options.Profile.ContentNames.Contains(name) ? name : throw new InvalidOperationException(
                $"The request names the content context '{name}', which profile {options.Profile} does not have. "
                + $"Set tlmsp.Profile = HttpProfile.Four.WithContent(\"{name}\")."));
        }
    }

    /// <summary>Keeps a request away from HTTP/3, which ignores the connection callback, also where Alt-Svc announces it.</summary>
    public static void KeepFromHttp3(HttpRequestMessage request)
    {
        if (request.VersionPolicy == HttpVersionPolicy.RequestVersionOrHigher)
        {
            // No other version than HTTP/2 is higher than HTTP/1.1 here.
            request.VersionPolicy = request.Version.Major >= 2
                ? HttpVersionPolicy.RequestVersionExact
                : HttpVersionPolicy.RequestVersionOrLower;
            request.Version = HttpVersion.Version20;
        }
        else if (request.Version.Major >= 3)
        {
            request.Version = HttpVersion.Version20;
        }
    }
}
