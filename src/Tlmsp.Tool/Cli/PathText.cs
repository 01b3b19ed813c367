using System.Globalization;

namespace Tlmsp.Tool.Cli;

/// <summary>Says what was agreed on a connection.</summary>
internal static class PathText
{
    /// <summary>A few lines: session, contexts, and who is on the path with which rights and whose certificate.</summary>
    public static IEnumerable<string> Describe(TlmspSessionInfo session, Ink ink)
    {
        yield return $"{ink.Dim("session ")}  {session.SessionId:x8}  {session.CipherSuite}  {session.Group}";
        yield return $"{ink.Dim("contexts")}  {string.Join("   ", session.Contexts.Select(Context))}";
        IEnumerable<string> path = session.Middleboxes.Select(box => Box(box, ink)).Prepend("client").Append(Server(session));
        yield return $"{ink.Dim("path    ")}  {string.Join(" -> ", path)}";
        foreach (TlmspPathMiddlebox box in session.Middleboxes)
        {
            if (box.Certificate is { } certificate)
            {
                yield return $"{ink.Dim("          ")}{Entity(box.Id)}  {certificate.Subject}, issued by {certificate.Issuer}, "
                    + $"until {certificate.NotAfter.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}";
            }
        }
    }

    /// <summary>An entity of the path as people call it.</summary>
    public static string Entity(byte id) => id switch
    {
        TlmspDialect.Client => "client",
        TlmspDialect.Server => "server",
        _ => id.ToString("x2", CultureInfo.InvariantCulture),
    };

    public static string Context(TlmspContext context) =>
        $"{context.Id}{(context.Purpose.Length > 0 ? $" {context.Purpose}" : "")}{(context.Audited ? " audited" : "")}";

    private static string Box(TlmspPathMiddlebox box, Ink ink) => $"{Entity(box.Id)} {box.Address} ({ink.Yellow(box.Grant.ToString())})";

    private static string Server(TlmspSessionInfo session) => session.ServerName is { } name ? $"server {name}" : "server";
}
