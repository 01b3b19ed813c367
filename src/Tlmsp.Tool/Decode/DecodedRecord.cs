namespace Tlmsp.Tool.Decode;

/// <summary>What came of checking one MAC.</summary>
internal enum MacVerdict
{
    Good,
    Failed,

    /// <summary>The key logs do not hold its key.</summary>
    NoKey,
}

/// <summary>A MAC of a container, who made it, and what came of checking it.</summary>
internal readonly record struct CheckedMac(ContainerMac Mac, byte Entity, MacVerdict Verdict);

/// <summary>A container of a captured record.</summary>
internal sealed record DecodedContainer
{
    public required byte ContextId { get; init; }

    /// <summary>Length of the data, which shows without any key.</summary>
    public required int Length { get; init; }

    /// <summary>The entity that put it on the path; null where no flow could be followed.</summary>
    public byte? Origin { get; init; }

    /// <summary>The entity that made its content as it is.</summary>
    public required byte Author { get; init; }

    public bool IsInserted { get; init; }

    public bool IsDeleted { get; init; }

    public bool IsAudited { get; init; }

    /// <summary>The data; null when it is sealed or did not authenticate.</summary>
    public byte[]? Plaintext { get; init; }

    public IReadOnlyList<CheckedMac> Macs { get; init; } = [];
}

/// <summary>A record of a captured connection.</summary>
internal sealed record DecodedRecord
{
    public required Direction Direction { get; init; }

    public TimeSpan? Time { get; init; }

    public required RecordType Type { get; init; }

    /// <summary>Bytes on the wire, header included.</summary>
    public required int Length { get; init; }

    /// <summary>What it is, such as the name of a handshake message.</summary>
    public string Title { get; init; } = "";

    /// <summary>More about it, a line each.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    public IReadOnlyList<DecodedContainer> Containers { get; init; } = [];

    /// <summary>Why a receiver would have ended the connection here.</summary>
    public string? Fault { get; init; }

    /// <summary>Where in a conversation such a record comes; puts two files without times into a sensible order.</summary>
    public int Phase { get; init; }
}
