using System.Runtime.CompilerServices;

namespace WholeApp.App;

/// <summary>Server-sent events, as the framework has them.</summary>
internal static class Events
{
    public static void MapEvents(this WebApplication app) =>
        app.MapGet("/events/{count:int}", (int count, CancellationToken cancellationToken) =>
            TypedResults.ServerSentEvents(CountAsync(count, cancellationToken), "tick"));

    private static async IAsyncEnumerable<int> CountAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Delay(10, cancellationToken);
            yield return i;
        }
    }
}
