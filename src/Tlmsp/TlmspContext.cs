using System.Text;

namespace Tlmsp;

/// <summary>An application context: a part of the data with keys of its own (handshake.md §2.2).</summary>
public sealed record TlmspContext
{
    /// <summary>Describes a context.</summary>
    /// <param name="id">1 to 255.</param>
    /// <param name="purpose">What it is for, at most 255 Latin-1 characters; part of what the handshake authenticates.</param>
    /// <param name="audited">True to carry a trail of every entity that each container passed.</param>
    /// <exception cref="ArgumentException">An argument is out of range.</exception>
    public TlmspContext(byte id, string purpose = "", bool audited = false)
    {
        ArgumentOutOfRangeException.ThrowIfZero(id);
        ArgumentNullException.ThrowIfNull(purpose);
        if (purpose.Length > 255 || Encoding.Latin1.GetByteCount(purpose) != purpose.Length || purpose.Any(c => c > 255))
        {
            throw new ArgumentException("A purpose has at most 255 Latin-1 characters.", nameof(purpose));
        }

        Id = id;
        Purpose = purpose;
        Audited = audited;
    }

    /// <summary>The id, 1 to 255.</summary>
    public byte Id { get; }

    /// <summary>What the context is for.</summary>
    public string Purpose { get; }

    /// <summary>True when containers carry an audit trail.</summary>
    public bool Audited { get; }
}
