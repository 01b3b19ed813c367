namespace Tlmsp.Http;

/// <summary>Which content context a head chooses.</summary>
internal sealed partial class HttpFramer
{
    /// <summary>The named content contexts; null for none.</summary>
    public HttpContentSet? Contents { get; init; }

    /// <summary>True where responses arrive: their content has to come in the context that the request named.</summary>
    public bool HoldsResponses { get; init; }

    /// <summary>
    /// A middlebox that cannot read content does not see where it ends: see <see cref="HttpMessageObserver"/>. By content context; null
    /// for an endpoint, which reads all.
    /// </summary>
    public Func<int, bool>? ReadsContent { get; init; }

    /// <summary>The content context of the message whose head came last.</summary>
    public int ContentIndex { get; private set; }

    private int? _requestContent;

    private bool IsContentOpaque => ReadsContent is { } reads && !reads(ContentIndex);

    private void CheckResponseContent(long? length)
    {
        if (HoldsResponses && length != 0 && _requestContent is { } request)
        {
            Contents?.CheckResponse(ContentIndex, request);
        }
    }

    private void ChooseContent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Contents is not null && HttpSyntax.Is(name, HttpContentSet.FieldName))
        {
            ContentIndex = ContentIndex == 0 ? Contents.IndexOf(value) : throw HttpContentSet.Twice();
        }
    }
}
