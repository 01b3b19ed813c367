using System.Collections;
using System.Globalization;

namespace Tlmsp;

/// <summary>What an entity may do in a context. Each right includes those before it.</summary>
public enum TlmspAccess : byte
{
    /// <summary>Nothing; size, direction and time of containers are visible all the same.</summary>
    None = 0,
    /// <summary>Read.</summary>
    Read = 1,
    /// <summary>
    /// Read, and delete whole containers. On the wire it is <see cref="Write"/>: the endpoints hold the middlebox to it, which needs the
    /// trail of an audited context, and no other middlebox that may write there.
    /// </summary>
    Delete = 2,
    /// <summary>Read, change, insert and delete.</summary>
    Write = 3,
}

/// <summary>A right in one context.</summary>
/// <param name="ContextId">1 to 255.</param>
/// <param name="Access">Read, delete or write.</param>
public readonly record struct TlmspGrant(byte ContextId, TlmspAccess Access);

/// <summary>What a middlebox may do: a right per context; contexts that are not mentioned are out of its reach. Immutable.</summary>
/// <example><c>Grant.Read(1) + Grant.Write(2)</c>, or <c>Grant.Parse("1=r,2=rw")</c>; <c>rd</c> stands for delete</example>
public sealed class Grant : IEquatable<Grant>, IEnumerable<TlmspGrant>
{
    private readonly TlmspGrant[] _grants;

    private Grant(IEnumerable<TlmspGrant> grants) => _grants = [.. grants.Where(grant => grant.Access != TlmspAccess.None).OrderBy(grant => grant.ContextId)];

    /// <summary>No access to any context.</summary>
    public static Grant None { get; } = new([]);

    /// <summary>Number of contexts with a right.</summary>
    public int Count => _grants.Length;

    /// <summary>The right in a context.</summary>
    public TlmspAccess this[byte contextId]
    {
        get
        {
            foreach (TlmspGrant grant in _grants)
            {
                if (grant.ContextId == contextId)
                {
                    return grant.Access;
                }
            }

            return TlmspAccess.None;
        }
    }

    /// <summary>Read access to contexts.</summary>
    public static Grant Read(params ReadOnlySpan<byte> contextIds) => Of(contextIds, TlmspAccess.Read);

    /// <summary>Read access and the right to delete whole containers; see <see cref="TlmspAccess.Delete"/>.</summary>
    public static Grant Delete(params ReadOnlySpan<byte> contextIds) => Of(contextIds, TlmspAccess.Delete);

    /// <summary>Write access, which includes read access, to contexts.</summary>
    public static Grant Write(params ReadOnlySpan<byte> contextIds) => Of(contextIds, TlmspAccess.Write);

    /// <summary>Joins two grants; where both mention a context the greater right counts.</summary>
    public static Grant operator +(Grant left, Grant right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new(left.Concat(right).GroupBy(grant => grant.ContextId).Select(group => new TlmspGrant(group.Key, group.Max(grant => grant.Access))));
    }

    /// <summary>Joins two grants.</summary>
    public static Grant Add(Grant left, Grant right) => left + right;

    /// <summary>Reads the form of <see cref="ToString"/>: <c>1=r,2=rw</c>, or <c>none</c>.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static Grant Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Trim() == "none")
        {
            return None;
        }

        Grant all = None;
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] sides = part.Split('=', StringSplitOptions.TrimEntries);
            if (sides.Length != 2 || !byte.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out byte id) || id == 0)
            {
                throw new FormatException($"'{part}' is not a grant. Write context=r, context=rd or context=rw, as in 1=r,2=rw.");
            }

            all += sides[1] switch
            {
                "r" => Read(id),
                "rd" => Delete(id),
                "rw" => Write(id),
                "none" => None,
                _ => throw new FormatException($"'{sides[1]}' is not a right. Write r, rd, rw or none."),
            };
        }

        return all;
    }

    /// <summary>What is left of this grant where there are only some contexts.</summary>
    /// <param name="contextIds">Ids of the contexts that there are.</param>
    public Grant Within(IEnumerable<byte> contextIds) => new(_grants.Where(grant => contextIds.Contains(grant.ContextId)));

    /// <summary>What the wire can say of this grant: it has no delete, so a middlebox that may delete is given the keys of one that may write.</summary>
    public Grant OnWire() => _grants.Any(grant => grant.Access == TlmspAccess.Delete)
        ? new(_grants.Select(grant => grant.Access == TlmspAccess.Delete ? grant with { Access = TlmspAccess.Write } : grant))
        : this;

    /// <summary>Takes grants from the wire, where each context occurs once and none is empty.</summary>
    internal static Grant FromWire(IEnumerable<TlmspGrant> grants) => new(grants);

    /// <inheritdoc/>
    public bool Equals(Grant? other) => other is not null && _grants.AsSpan().SequenceEqual(other._grants);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Grant);

    /// <inheritdoc/>
    public override int GetHashCode() => _grants.Aggregate(17, (hash, grant) => HashCode.Combine(hash, grant));

    /// <inheritdoc/>
    public IEnumerator<TlmspGrant> GetEnumerator() => ((IEnumerable<TlmspGrant>)_grants).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Such as <c>1=r,2=rw</c>, or <c>none</c>.</summary>
    public override string ToString() => _grants.Length == 0
        ? "none"
        : string.Join(',', _grants.Select(grant => $"{grant.ContextId}={Letters(grant.Access)}"));

    private static string Letters(TlmspAccess access) => access switch
    {
        TlmspAccess.Write => "rw",
        TlmspAccess.Delete => "rd",
        _ => "r",
    };

    private static Grant Of(ReadOnlySpan<byte> contextIds, TlmspAccess access)
    {
        var grants = new List<TlmspGrant>();
        foreach (byte id in contextIds)
        {
            ArgumentOutOfRangeException.ThrowIfZero(id, nameof(contextIds));
            grants.Add(new TlmspGrant(id, access));
        }

        return new Grant(grants.Distinct());
    }
}
