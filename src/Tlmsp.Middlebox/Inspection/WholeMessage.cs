using Microsoft.AspNetCore.Http;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// A complete message in the terms of ASP.NET Core, for a <see cref="BufferedInspector"/>. What is sealed is empty, and
/// <see cref="Message"/> says so.
/// </summary>
public sealed class WholeMessage
{
    private readonly InspectedContent _content;
    private IHeaderDictionary? _headers;

    internal WholeMessage(InspectedMessage message, InspectedContent content)
    {
        Message = message;
        _content = content;
    }

    /// <summary>The message in full: its parts, rights, connection and request.</summary>
    public InspectedMessage Message { get; }

    /// <summary>Whether it is a request.</summary>
    public bool IsRequest => Message.Direction == HttpDirection.Request;

    /// <summary>The method of a request, or of the request that a response answers; empty where that is sealed.</summary>
    public string Method => RequestHead?.Method ?? "";

    /// <summary>The path of that request, unescaped (<see cref="HttpRequest.Path"/>).</summary>
    public PathString Path => PathString.FromUriComponent(PathAndQuery.Path);

    /// <summary>The query of that request, as sent.</summary>
    public QueryString QueryString => PathAndQuery.Query.Length == 0 ? QueryString.Empty : new QueryString(PathAndQuery.Query);

    /// <summary>The host of that request.</summary>
    public HostString Host => new(RequestHead?["host"] ?? "");

    /// <summary>The status code of a response; 0 for a request, and where it is sealed.</summary>
    public int StatusCode => Message.Head?.StatusCode ?? 0;

    /// <summary>The fields of this message. They are a copy: change them through <see cref="Message"/>.</summary>
    public IHeaderDictionary Headers => _headers ??= ReadHeaders();

    /// <summary>Its content; over HTTP/1.1 with chunk framing where heads are sealed. Valid until the call returns.</summary>
    public ReadOnlyMemory<byte> Content => _content.Memory;

    /// <summary>Whether <see cref="ReplaceContent"/> may change the length.</summary>
    public bool CanResizeContent => _content.CanResize;

    private HttpHead? RequestHead => IsRequest ? Message.Head : Message.Request?.Head;

    private (string Path, string Query) PathAndQuery
    {
        get
        {
            string target = RequestHead?.Target ?? "";
            if (!target.StartsWith('/'))
            {
                target = Uri.TryCreate(target, UriKind.Absolute, out Uri? absolute) ? absolute.PathAndQuery : "";
            }

            int query = target.IndexOf('?', StringComparison.Ordinal);
            return query < 0 ? (target, "") : (target[..query], target[query..]);
        }
    }

    /// <inheritdoc cref="InspectedContent.Replace"/>
    public void ReplaceContent(ReadOnlyMemory<byte> bytes) => _content.Replace(bytes);

    private HeaderDictionary ReadHeaders()
    {
        var headers = new HeaderDictionary();
        foreach (HttpField field in Message.Head?.Fields ?? [])
        {
            headers.Append(field.Name, field.Value);
        }

        return headers;
    }
}
