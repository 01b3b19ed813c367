using Tlmsp.Http;

namespace System.Net.Http;

/// <summary>What TLMSP is to do with a request of a <see cref="Tlmsp.Client.TlmspHandler"/>.</summary>
public static class TlmspHttpRequestMessageExtensions
{
    private static readonly HttpRequestOptionsKey<string> s_content = new("Tlmsp.Content");

    /// <summary>Names the content context of a request and its response, whatever the client's policy says of its path.</summary>
    /// <param name="request">The request.</param>
    /// <param name="name">A name of the client's profile, such as <c>pii</c>; null for the profile's own content context.</param>
    /// <exception cref="ArgumentException">It cannot be the name of a content context.</exception>
    public static HttpRequestMessage SetTlmspContent(this HttpRequestMessage request, string? name)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (name is not null)
        {
            HttpContentSet.CheckName(name);
        }

        request.Options.Set(s_content, name ?? "");
        return request;
    }

    /// <returns>Null when nothing was said; empty for the profile's own.</returns>
    internal static string? FindTlmspContent(this HttpRequestMessage request) =>
        request.Options.TryGetValue(s_content, out string? name) ? name : null;
}
