namespace Tlmsp;

/// <summary>What the right to delete needs so that endpoints can hold a middlebox to it (http-mapping §13).</summary>
internal static class DeleteGrant
{
    /// <returns>Why the right cannot be given; null when it can.</returns>
    public static string? Problem(byte contextId, TlmspAddress holder, IEnumerable<TlmspContext> contexts, IEnumerable<TlmspMiddlebox> middleboxes)
    {
        if (!contexts.Any(context => context.Id == contextId && context.Audited))
        {
            return $"Middlebox {holder} may only delete in context {contextId}, which shows in an audited context alone. Audit the context, or grant rw.";
        }

        // With another writer, a change by the one could pass for a change by the other.
        return middleboxes.FirstOrDefault(other => other.Address != holder && other.Grant[contextId] >= TlmspAccess.Delete) is { } other
            ? $"Middlebox {holder} may only delete in context {contextId}, and {other.Address} may write there: the two could not be told apart. Grant one of them."
            : null;
    }
}
