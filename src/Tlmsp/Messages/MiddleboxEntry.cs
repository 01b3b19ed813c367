namespace Tlmsp;

/// <summary>MiddleboxInfo: an entry of the middlebox list in a hello (handshake.md §2.2).</summary>
internal sealed record MiddleboxEntry(byte Id, TlmspAddress Address, Grant Grant, bool Inserted = false, bool Transparent = false)
{
    public static MiddleboxEntry Read(ref WireReader reader)
    {
        byte id = reader.U8("middlebox id");
        TlmspAddress address = ReadAddress(ref reader, "middlebox address");
        byte inserted = reader.U8("inserted");
        byte transparent = reader.U8("transparent");
        int ticket = reader.Vector16("ticket").Length;
        if (id is < TlmspDialect.FirstMiddlebox or > TlmspDialect.LastMiddlebox || inserted > 1 || transparent > 1 || ticket != 0)
        {
            throw new TlmspException(
                Misbehaviour.BadMiddleboxEntry, $"id {id:x2}, inserted {inserted}, transparent {transparent}, ticket of {ticket} bytes");
        }

        return new MiddleboxEntry(id, address, ReadGrant(ref reader), inserted == 1, transparent == 1);
    }

    public void Write(WireWriter writer)
    {
        writer.U8(Id);
        WriteAddress(writer, Address);
        writer.U8(Inserted ? 1 : 0);
        writer.U8(Transparent ? 1 : 0);
        writer.U16(0);
        writer.U8(Grant.Count);
        foreach (TlmspGrant grant in Grant)
        {
            writer.U8(grant.ContextId);
            writer.U8(grant.Access == TlmspAccess.Write ? 1 : 0);
        }
    }

    public static IReadOnlyList<MiddleboxEntry> ReadList(ref WireReader reader, string field)
    {
        WireReader list = reader.Sub16(field);
        var entries = new List<MiddleboxEntry>();
        Span<bool> seen = stackalloc bool[256];
        while (!list.IsEmpty)
        {
            MiddleboxEntry entry = Read(ref list);
            if (seen[entry.Id])
            {
                throw new TlmspException(Misbehaviour.DuplicateMiddleboxId, $"id {entry.Id:x2}");
            }

            seen[entry.Id] = true;
            entries.Add(entry);
        }

        return entries;
    }

    public static void WriteList(WireWriter writer, IEnumerable<MiddleboxEntry> entries)
    {
        var list = new WireWriter();
        foreach (MiddleboxEntry entry in entries)
        {
            entry.Write(list);
        }

        writer.Vector16(list.ToArray());
    }

    public static TlmspAddress ReadAddress(ref WireReader reader, string field)
    {
        byte type = reader.U8(field);
        return TlmspAddress.FromWire((TlmspAddressType)type, reader.Vector16(field));
    }

    public static void WriteAddress(WireWriter writer, TlmspAddress address)
    {
        writer.U8((byte)address.Type);
        writer.Vector16(System.Text.Encoding.ASCII.GetBytes(address.Text));
    }

    /// <summary>
    /// The grants of an entry. Ascending and without context 0 or repetitions: the canonical form that middleboxes of the reference
    /// reproduce when they encode the hello again (§2.6); any other spelling would break every Finished.
    /// </summary>
    private static Grant ReadGrant(ref WireReader reader)
    {
        int count = reader.U8("context count");
        var grants = new TlmspGrant[count];
        for (int i = 0; i < count; i++)
        {
            byte contextId = reader.U8("context id");
            byte access = reader.U8("auth");
            if (access > 1)
            {
                throw new TlmspException(Misbehaviour.BadGrant, $"context {contextId}, auth {access}");
            }

            grants[i] = new TlmspGrant(contextId, access == 1 ? TlmspAccess.Write : TlmspAccess.Read);
            if (contextId == 0 || (i > 0 && contextId <= grants[i - 1].ContextId))
            {
                throw new TlmspException(
                    i > 0 && contextId == grants[i - 1].ContextId && grants[i] != grants[i - 1] ? Misbehaviour.BadGrant : Misbehaviour.NotCanonical,
                    $"grant for context {contextId}");
            }
        }

        return Grant.FromWire(grants);
    }
}
