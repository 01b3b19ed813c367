using System.Buffers;
using System.Text;

namespace Tlmsp.Http;

/// <summary>Makes heads and trailers of the fields of a block, as strictly as an endpoint does (RFC 9113 §8.2, §8.3).</summary>
internal static class Http2Head
{
    private static readonly SearchValues<char> s_nameChars = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz");

    /// <summary>Fields that concern one connection of HTTP/1.1 (RFC 9113 §8.2.2).</summary>
    private static readonly string[] s_forbidden = ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];

    /// <summary>Makes a head, or a trailer section when there are no pseudo-header fields.</summary>
    /// <exception cref="HttpMappingException">The fields are malformed, or ask for a tunnel.</exception>
    public static HttpHead Read(HttpDirection direction, int streamId, List<HttpField> decoded, out bool isTrailers)
    {
        int pseudo = decoded.FindIndex(field => !field.Name.StartsWith(':'));
        pseudo = pseudo < 0 ? decoded.Count : pseudo;
        isTrailers = pseudo == 0;
        var fields = new List<HttpField>(decoded.Count + 1);
        string startLine = isTrailers ? "" : direction == HttpDirection.Request
            ? RequestLine(decoded[..pseudo], fields)
            : StatusLine(decoded[..pseudo]);
        foreach (HttpField field in decoded[pseudo..])
        {
            Check(field, isTrailers);
            bool isHost = field.Name == "host" && fields.Count > 0 && fields[0].Name == "host";
            if (isHost && fields[0].Value != field.Value)
            {
                throw new HttpMappingException("a host that is not the authority");
            }

            if (!isHost)
            {
                fields.Add(field);
            }
        }

        return new HttpHead(direction, startLine, fields) { StreamId = streamId };
    }

    private static string RequestLine(List<HttpField> pseudo, List<HttpField> fields)
    {
        string? method = Take(pseudo, ":method");
        string? path = Take(pseudo, ":path");
        string? scheme = Take(pseudo, ":scheme");
        string? authority = Take(pseudo, ":authority");
        if (method == "CONNECT")
        {
            // Also in its extended form (RFC 8441), which has :protocol as well.
            throw new HttpMappingException("CONNECT: tunnels are not allowed on this connection");
        }

        if (pseudo.Count > 0)
        {
            throw new HttpMappingException("a pseudo-header field that a request does not have, or has once");
        }

        if (method is null || path is null || scheme is null || !HttpSyntax.IsToken(Encoding.Latin1.GetBytes(method))
            || path.Length == 0 || path.AsSpan().ContainsAnyExceptInRange('\x21', '\x7e'))
        {
            throw new HttpMappingException("pseudo-header fields of a request that are missing or malformed");
        }

        if (authority is not null)
        {
            fields.Add(new HttpField("host", authority));
        }

        return $"{method} {path} HTTP/2";
    }

    private static string StatusLine(List<HttpField> pseudo)
    {
        string? status = Take(pseudo, ":status");
        bool isStatus = status is { Length: 3 } && !status.AsSpan().ContainsAnyExceptInRange('0', '9') && status[0] is >= '1' and <= '5';
        if (pseudo.Count > 0 || !isStatus)
        {
            throw new HttpMappingException("pseudo-header fields of a response that are missing or malformed");
        }

        return status != "101" ? $"HTTP/2 {status}" : throw new HttpMappingException("101 Switching Protocols, which HTTP/2 does not have");
    }

    private static string? Take(List<HttpField> pseudo, string name)
    {
        int index = pseudo.FindIndex(field => field.Name == name);
        if (index < 0)
        {
            return null;
        }

        string value = pseudo[index].Value;
        pseudo.RemoveAt(index);
        return IsValue(value) ? value : throw new HttpMappingException("a pseudo-header field with control characters");
    }

    private static void Check(HttpField field, bool isTrailers)
    {
        if (field.Name.Length == 0 || field.Name.AsSpan().ContainsAnyExcept(s_nameChars))
        {
            throw new HttpMappingException("a field name that is not a token in lower case, or a pseudo-header field behind others");
        }

        if (!IsValue(field.Value))
        {
            throw new HttpMappingException("a field value with control characters, or with white space around it");
        }

        if (s_forbidden.Contains(field.Name) || (field is { Name: "te", Value: not "trailers" }))
        {
            throw new HttpMappingException($"the field {field.Name} over HTTP/2");
        }

        if (isTrailers && HttpSyntax.IsForbiddenTrailer(Encoding.Latin1.GetBytes(field.Name)))
        {
            throw new HttpMappingException($"the field {field.Name} in a trailer section");
        }
    }

    private static bool IsValue(string value)
    {
        foreach (char c in value)
        {
            if (c is < ' ' and not '\t' or '\x7f')
            {
                return false;
            }
        }

        return value.Length == 0 || (value[0] is not (' ' or '\t') && value[^1] is not (' ' or '\t'));
    }
}
