namespace Tlmsp.Middlebox;

/// <summary>How much of a request's target an audit holds.</summary>
public enum AuditTargets
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The path, without the query, which often holds what is confidential.</summary>
    Path,

    /// <summary>All of it.</summary>
    Full,
}

/// <summary>When a line counts as written, so that what it is about goes on.</summary>
public enum AuditDurability
{
    /// <summary>When the operating system has it: it outlives this process.</summary>
    Written,

    /// <summary>When the disk has it: it outlives the machine. Costs a disk flush per batch.</summary>
    Synced,
}

/// <summary>Options of <c>AddAuditLog</c>.</summary>
public sealed class AuditLogOptions
{
    /// <summary>
    /// The file to write, such as <c>audit/waf.jsonl</c>; its directory must exist. Files that are full get the time of their end into their
    /// name, as <c>waf-20260101T120000.000Z-1.jsonl</c>. Required.
    /// </summary>
    public string? File { get; set; }

    /// <summary>Size in bytes after which a new file is begun. Default 100 MiB, at least 4 KiB.</summary>
    public long MaxFileBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>Age after which a new file is begun. Default one day.</summary>
    public TimeSpan MaxFileAge { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How many full files are kept; the oldest go. Default 0, which keeps all.</summary>
    public int MaxFiles { get; set; }

    /// <summary>When a line counts as written. Default <see cref="AuditDurability.Written"/>.</summary>
    public AuditDurability Durability { get; set; }

    /// <summary>How much of a request's target is written. Default <see cref="AuditTargets.Path"/>.</summary>
    public AuditTargets Targets { get; set; } = AuditTargets.Path;

    /// <summary>Names of fields whose values are written, where heads can be read. Default none.</summary>
    public IList<string> Fields { get; } = [];

    /// <summary>Whether the host stops when a line cannot be written; else only the connections it is about end. Default true.</summary>
    public bool StopOnFailure { get; set; } = true;

    /// <summary>What is wrong; null where nothing is.</summary>
    internal string? Problem =>
        string.IsNullOrWhiteSpace(File) ? "File is not set. Set it to the file to write, such as audit/waf.jsonl."
        : !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(File))) ? $"The directory of File '{File}' does not exist. Create it, or set another."
        : MaxFileBytes < 4096 ? $"MaxFileBytes is {MaxFileBytes}. Set it to at least 4096."
        : MaxFileAge <= TimeSpan.Zero ? $"MaxFileAge is {MaxFileAge}. Set it to more than zero."
        : MaxFiles < 0 ? $"MaxFiles is {MaxFiles}. Set it to 0, which keeps all, or more."
        : null;
}
