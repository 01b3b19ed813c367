namespace Tlmsp.Http;

/// <summary>What directions have to do with each other.</summary>
internal static class HttpDirections
{
    /// <summary>The other direction.</summary>
    public static HttpDirection Opposite(this HttpDirection direction) =>
        direction == HttpDirection.Request ? HttpDirection.Response : HttpDirection.Request;
}
