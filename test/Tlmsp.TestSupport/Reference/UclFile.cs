using System.Globalization;
using System.Text;

namespace Tlmsp.TestSupport;

/// <summary>A middlebox in a configuration of the reference tools.</summary>
/// <param name="Address">Its address, the string that is sent on the wire.</param>
/// <param name="Grant">What it may do.</param>
/// <param name="ToServer">Activities on what travels to the server, in order of preference.</param>
/// <param name="ToClient">Activities on what travels to the client.</param>
/// <param name="Discovered">True when the server inserts it, false when the client lists it.</param>
internal sealed record UclMiddlebox(string Address, Grant Grant, string[] ToServer, string[] ToClient, bool Discovered = false)
{
    public UclMiddlebox(string address, Grant grant)
        : this(address, grant, [], [])
    {
    }
}

/// <summary>Writes a configuration of the reference tools.</summary>
internal sealed class UclFile(TestKey key)
{
    private readonly StringBuilder _contexts = new();
    private readonly StringBuilder _activities = new();

    public string ServerAddress { get; set; } = "tlmsp://localhost:443";

    public List<TlmspContext> Contexts { get; } = [];

    public List<UclMiddlebox> Middleboxes { get; } = [];

    public List<string> ClientFunctions { get; } = [];

    public List<string> ServerFunctions { get; } = [];

    /// <summary>The tag of a middlebox, by its place in the list.</summary>
    public static string Tag(int index) => $"mbox{index + 1}";

    /// <summary>Adds a context. The tag is local to the tools; only curl wants it to be <c>header</c> or <c>body</c>.</summary>
    public UclFile Context(byte id, bool audited = false, string? tag = null)
    {
        Contexts.Add(new TlmspContext(id, "", audited));
        Add(_contexts, $"context {{\n id = {id}\n tag = {tag ?? $"c{id}"}\n audit = {(audited ? "yes" : "no")}\n}}\n");
        return this;
    }

    /// <summary>Adds an activity: a condition, and the actions that it leads to.</summary>
    /// <returns>Its tag.</returns>
    public string Activity(string tag, string match, params string[] actions)
    {
        Add(_activities, $"activity {{\n tag = {tag}\n match {{\n{match}\n }}\n action {{\n{string.Join('\n', actions)}\n }}\n}}\n");
        return tag;
    }

    /// <summary>The condition that data of some contexts matches an expression.</summary>
    /// <param name="contexts">The contexts.</param>
    /// <param name="expression">A PCRE2 expression; a backslash is written twice.</param>
    /// <param name="forward">True for a middlebox that passes the match on; else it is deleted.</param>
    public static string Matches(IEnumerable<byte> contexts, string expression, bool forward = false) =>
        $"which = [ {string.Join(", ", contexts)} ]\nregex = \"{expression}\"{(forward ? "\nforward = yes" : "")}";

    public static string Send(byte context, string text) => $"send {{\n context = {context}\n data = \"{text}\"\n}}";

    /// <summary>Writes the file.</summary>
    /// <returns>Its path.</returns>
    public string Write()
    {
        var text = new StringBuilder().Append(_contexts).Append(_activities);
        foreach ((int index, UclMiddlebox middlebox) in Middleboxes.Index())
        {
            Add(text, $"middlebox {{\n tag = {Tag(index)}\n address = \"{middlebox.Address}\"\n{Identity("middlebox")}");
            text.Append(middlebox.Discovered ? " discovered = yes\n" : "");
            foreach (TlmspGrant grant in middlebox.Grant)
            {
                Add(text, $" context {{\n which = {grant.ContextId}\n access = {(grant.Access == TlmspAccess.Write ? "rw" : "r")}\n }}\n");
            }

            text.Append(Functions("function-to-server", middlebox.ToServer)).Append(Functions("function-to-client", middlebox.ToClient));
            text.Append("}\n");
        }

        Add(text, $"client {{\n address = \"tlmsp://localhost\"\n{Functions("function", ClientFunctions)}}}\n");
        Add(text, $"server {{\n address = \"{ServerAddress}\"\n{Identity("server")}{Functions("function", ServerFunctions)}}}\n");
        return Reference.WriteFile("path.ucl", text.ToString());
    }

    private static void Add(StringBuilder text, string more) => text.Append(more);

    private string Identity(string party) =>
        $" cert-file = \"{Reference.CertificateFile(party, key)}\"\n cert-key-file = \"{Reference.KeyFile(party, key)}\"\n";

    private static string Functions(string name, IReadOnlyCollection<string> activities) =>
        activities.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $" {name} = [ {string.Join(", ", activities)} ]\n") : "";
}
