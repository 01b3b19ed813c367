using System.Buffers;
using System.CommandLine;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Raw;

/// <summary>What a middlebox does to containers of contexts that it may write: replaces bytes, or deletes them.</summary>
internal sealed class RelayRules
{
    private readonly List<(byte Context, byte[] Old, byte[] New)> _replacements = [];
    private readonly HashSet<byte> _deletions = [];

    /// <summary>The contexts that the rules need write access to.</summary>
    public IEnumerable<byte> Contexts => _replacements.Select(rule => rule.Context).Concat(_deletions).Distinct();

    public static Option<string[]> CreateReplaceOption() => new("--replace")
    {
        Description = "Replace text inside containers of a context; repeat",
        HelpName = "CONTEXT=OLD=NEW",
    };

    public static Option<string[]> CreateDeleteOption() => new("--delete")
    {
        Description = "Delete the containers of a context; repeat",
        HelpName = "CONTEXT",
    };

    /// <exception cref="UsageException">A rule is not of its form.</exception>
    public static RelayRules Parse(string[]? replace, string[]? delete)
    {
        var rules = new RelayRules();
        foreach (string text in replace ?? [])
        {
            string[] parts = text.Split('=', 3);
            try
            {
                rules._replacements.Add(parts.Length == 3 && parts[1].Length > 0
                    ? (ContextText.ParseId(parts[0]), DataText.Unescape(parts[1]), DataText.Unescape(parts[2]))
                    : throw new FormatException("it has not the form CONTEXT=OLD=NEW."));
            }
            catch (FormatException e)
            {
                throw new UsageException($"--replace '{text}': {e.Message} Write for example 2=secret=******.", e);
            }
        }

        try
        {
            rules._deletions.UnionWith((delete ?? []).Select(ContextText.ParseId));
        }
        catch (FormatException e)
        {
            throw new UsageException($"--delete: {e.Message}", e);
        }

        return rules;
    }

    /// <summary>Decides on a container.</summary>
    /// <exception cref="FailedException">What would come out is too long for a container.</exception>
    public RelayAction Apply(in RelayedContainer container, IBufferWriter<byte> replacement)
    {
        if (container.IsDeleted || !container.CanWrite)
        {
            return RelayAction.Forward;
        }

        if (_deletions.Contains(container.ContextId))
        {
            return RelayAction.Delete;
        }

        byte[] data = container.Plaintext.ToArray();
        bool changed = false;
        foreach ((byte context, byte[] from, byte[] to) in _replacements)
        {
            if (context == container.ContextId)
            {
                data = Replace(data, from, to, ref changed);
            }
        }

        if (!changed)
        {
            return RelayAction.Forward;
        }

        if (data.Length > ContainerWriter.MaxPlaintext)
        {
            throw new FailedException(
                $"A container of context {container.ContextId} would get {data.Length} bytes; {ContainerWriter.MaxPlaintext} is the most.");
        }

        replacement.Write(data);
        return RelayAction.Modify;
    }

    private static byte[] Replace(byte[] data, byte[] from, byte[] to, ref bool changed)
    {
        var result = new List<byte>(data.Length);
        ReadOnlySpan<byte> rest = data;
        for (int at; (at = rest.IndexOf(from)) >= 0; rest = rest[(at + from.Length)..])
        {
            result.AddRange(rest[..at]);
            result.AddRange(to);
            changed = true;
        }

        result.AddRange(rest);
        return [.. result];
    }
}
