namespace Tlmsp.Attacks.Tests;

/// <summary>What an application of HttpClient is told.</summary>
internal static class Faults
{
    /// <summary>The client itself found out.</summary>
    public static void AssertNoticed(Exception? e, TlmspAlert alert, byte contextId, string fault)
    {
        TlmspException noticed = First(e);
        Assert.Equal((false, alert, contextId), (noticed.FromPeer, noticed.Alert, noticed.ContextId));
        Assert.Contains(fault, noticed.Message, StringComparison.Ordinal);
    }

    /// <summary>Somebody else found out, and the client was told by an alert.</summary>
    public static void AssertTold(Exception? e, TlmspAlert alert)
    {
        TlmspException told = First(e);
        Assert.Equal((true, alert), (told.FromPeer, told.Alert));
    }

    private static TlmspException First(Exception? e)
    {
        Assert.IsType<HttpRequestException>(e);
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is TlmspException found)
            {
                return found;
            }
        }

        Assert.Fail($"No fault of TLMSP in {e}");
        return null!;
    }
}
