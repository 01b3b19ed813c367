using System.Globalization;
using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Writes heads as HTTP/1.1 has them (RFC 9112 §2.1).</summary>
internal static class HeadWriter
{
    /// <summary>The head of an answer in the server's place.</summary>
    public static byte[] Write(InspectionResponse response)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {response.StatusCode} {Reason(response.StatusCode)}\r\n");
        foreach (HttpField field in response.Fields)
        {
            text.Append(CultureInfo.InvariantCulture, $"{field.Name}: {field.Value}\r\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"Date: {DateTime.UtcNow:R}\r\nContent-Length: {response.Content.Length}\r\n\r\n");
        return Encoding.Latin1.GetBytes(text.ToString());
    }

    /// <summary>A head that inspectors changed.</summary>
    /// <param name="head">The head.</param>
    /// <param name="secrets">Whether to write the sensitive fields of it, or all others; null for all.</param>
    /// <param name="isSecret">Which fields are sensitive.</param>
    public static byte[] Write(HttpHead head, bool? secrets, Func<string, bool> isSecret)
    {
        var text = new StringBuilder();
        if (secrets != true)
        {
            text.Append(head.StartLine).Append("\r\n");
        }

        foreach (HttpField field in head.Fields)
        {
            if (secrets is null || isSecret(field.Name) == secrets)
            {
                text.Append(CultureInfo.InvariantCulture, $"{field.Name}: {field.Value}\r\n");
            }
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }

    private static string Reason(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}
