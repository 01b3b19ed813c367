using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>Opening containers: every check of records-keys.md §4.3, and those that the reference leaves out.</summary>
internal partial class IncomingFlow
{
    /// <summary>Opens the container at <paramref name="start"/>; nothing of it is to be used before this returns.</summary>
    /// <param name="type">Alert or application data.</param>
    /// <param name="buffer">The receiver's own copy of the record with <see cref="ContainerParts.Headroom"/> before the first container.</param>
    /// <param name="start">Offset of the container.</param>
    /// <param name="plaintext">Room for the plaintext.</param>
    /// <exception cref="TlmspException">A check failed; the exception names it.</exception>
    public OpenedContainer Open(RecordType type, Span<byte> buffer, int start, Span<byte> plaintext)
    {
        ContainerParts parts = ContainerParts.Parse(buffer, start);
        byte contextId = parts.ContextId;
        int slot = _path.SlotOf(contextId);
        if (slot < 0)
        {
            throw Fault(Misbehaviour.UnknownContext, $"context {contextId}");
        }

        if (type == RecordType.ApplicationData && contextId == 0)
        {
            throw Fault(Misbehaviour.DataInControlContext);
        }

        if (parts.IsAudited != _path.IsAudited(slot))
        {
            throw Fault(Misbehaviour.AuditFlagMismatch, $"context {contextId}");
        }

        byte origin = CheckMInfo(type, buffer, parts);
        TickFrom(origin);
        SkipDeleted(buffer, parts);
        byte author = CheckAuthor(type, buffer[parts.FragmentOffset], origin, contextId, parts.IsDeleted);

        bool canRead = TryDecrypt(type, buffer, parts, slot, author, plaintext);
        CheckWriterMac(type, buffer, parts, slot, author);
        int highest = CheckForwardingMacs(type, buffer, parts, origin, author, out byte first);
        return new OpenedContainer
        {
            Type = type,
            Parts = parts,
            Buffer = buffer,
            Origin = origin,
            Author = author,
            CanRead = canRead,
            Plaintext = canRead ? plaintext[..parts.PlaintextLength] : default,
            HighestIndex = highest,
            FirstForwarder = first,
        };
    }

    /// <summary>§2.3, and that whoever claims to have inserted or deleted something had the right to.</summary>
    private byte CheckMInfo(RecordType type, ReadOnlySpan<byte> buffer, in ContainerParts parts)
    {
        if (parts.MInfoLength == 0)
        {
            return FarEndpoint;
        }

        ReadOnlySpan<byte> mInfo = buffer.Slice(parts.MInfoOffset, parts.MInfoLength);
        byte origin = mInfo[0];
        int position = IndexOf(origin);
        if (position < 0 || position == _upstream.Length - 1)
        {
            throw Fault(Misbehaviour.BadMInfo, $"m_id {origin:x2} is not a middlebox upstream");
        }

        TlmspAccess needed = type == RecordType.Alert ? TlmspAccess.Read : TlmspAccess.Write;
        if (_path.AccessOf(origin, parts.ContextId) < needed)
        {
            throw Fault(Misbehaviour.NotPermitted, $"middlebox {origin:x2} in context {parts.ContextId}");
        }

        if (parts.IsDeleted == (parts.MInfoLength == 2) || (parts.IsDeleted && type == RecordType.Alert))
        {
            throw Fault(Misbehaviour.BadMInfo, "delete indicators do not fit the flags");
        }

        for (ReadOnlySpan<byte> rest = mInfo[2..]; !rest.IsEmpty; rest = rest[3..])
        {
            // A box can only have deleted what reached it, so the source is farther away than the box.
            if (IndexOf(rest[0]) <= position || BinaryPrimitives.ReadUInt16BigEndian(rest[1..]) == 0)
            {
                throw Fault(Misbehaviour.BadDeleteIndicator, $"source {rest[0]:x2} deleted by {origin:x2}");
            }
        }

        return origin;
    }

    private void SkipDeleted(ReadOnlySpan<byte> buffer, in ContainerParts parts)
    {
        if (!parts.IsDeleted)
        {
            return;
        }

        for (ReadOnlySpan<byte> rest = buffer.Slice(parts.MInfoOffset + 2, parts.MInfoLength - 2); !rest.IsEmpty; rest = rest[3..])
        {
            int last = IndexOf(rest[0]);
            ulong count = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            for (int i = 0; i <= last; i++)
            {
                _counters[i].Skip(count);
            }
        }
    }

    /// <summary>The author is upstream, no farther than the origin, and may write (an alert's author: may read).</summary>
    private byte CheckAuthor(RecordType type, byte author, byte origin, byte contextId, bool isDeleted)
    {
        int position = IndexOf(author);
        if (position < 0 || position > IndexOf(origin))
        {
            throw Fault(Misbehaviour.UnknownAuthor, $"author {author:x2}");
        }

        TlmspAccess needed = type == RecordType.Alert ? TlmspAccess.Read : TlmspAccess.Write;
        if (type != RecordType.Alert && !isDeleted && _path.MayOnlyDelete(author, contextId))
        {
            throw Fault(Misbehaviour.NotPermitted, $"middlebox {author:x2} may only delete in context {contextId}");
        }

        return _path.AccessOf(author, contextId) >= needed
            ? author
            : throw Fault(Misbehaviour.NotPermitted, $"author {author:x2} in context {contextId}");
    }

    private bool TryDecrypt(RecordType type, Span<byte> buffer, in ContainerParts parts, int slot, byte author, Span<byte> plaintext)
    {
        SecretKey? key = _keys.Reader(slot);
        if (key is null)
        {
            return false;
        }

        int length = parts.PlaintextLength;
        if (length > TlmspDialect.MaxPlaintextReceived)
        {
            throw Fault(Misbehaviour.ContainerTooLong, $"plaintext of {length} bytes", parts.ContextId);
        }

        int macStart = MacInput.Place(buffer, parts, type, _path.SessionId, SequenceOf(author), length);
        ReadOnlySpan<byte> fragment = buffer.Slice(parts.FragmentOffset, parts.FragmentLength);
        bool good = key.TryDecrypt(
            fragment[..TlmspDialect.NonceLength], fragment.Slice(TlmspDialect.NonceLength, length), fragment[^TlmspDialect.TagLength..],
            plaintext[..length], buffer[macStart..parts.FragmentOffset]);
        return Passes(ContainerMac.FragmentTag, author, good) ? good : throw Fault(Misbehaviour.BadFragmentTag, "fragment", parts.ContextId);
    }

    private void CheckWriterMac(RecordType type, Span<byte> buffer, in ContainerParts parts, int slot, byte author)
    {
        if (_path.AccessOf(author, parts.ContextId) != TlmspAccess.Write)
        {
            // A reader sends alerts with a writer MAC of zeros (§2.8). The reference does not look at it; anything else is a changed byte.
            bool zero = !buffer.Slice(parts.WriterMacOffset, TlmspDialect.TagLength).ContainsAnyExcept((byte)0);
            if (!Passes(ContainerMac.Writer, author, zero))
            {
                throw Fault(Misbehaviour.BadWriterMac, $"author {author:x2} cannot make one", parts.ContextId);
            }

            return;
        }

        if (_keys.Writer(slot) is not { } key)
        {
            return;
        }

        int macStart = MacInput.Place(buffer, parts, type, _path.SessionId, SequenceOf(author), parts.FragmentLength);
        ReadOnlySpan<byte> nonce = buffer.Slice(parts.FragmentOffset, TlmspDialect.NonceLength);
        bool good = key.VerifyGmac(
            nonce, buffer[macStart..parts.WriterMacOffset], buffer.Slice(parts.WriterMacOffset, TlmspDialect.TagLength));
        if (!Passes(ContainerMac.Writer, author, good))
        {
            throw Fault(Misbehaviour.BadWriterMac, $"author {author:x2}", parts.ContextId);
        }
    }

    /// <summary>Steps 6 to 9 of §4.3.</summary>
    /// <returns>Wire index of the entry with the highest order.</returns>
    private int CheckForwardingMacs(
        RecordType type, Span<byte> buffer, in ContainerParts parts, byte origin, byte author, out byte first)
    {
        var mandatory = new ForwardingMac(buffer[parts.ForwardingMacAt(0)..]);
        int position = IndexOf(mandatory.Id);
        if (position < 0 || position > IndexOf(author) || (parts.IsAudited ? mandatory.Id != author : mandatory.Order != 0))
        {
            throw Fault(Misbehaviour.BadForwardingMac, $"made by {mandatory.Id:x2}, order {mandatory.Order}", parts.ContextId);
        }

        CheckReaderCheckMac(type, buffer, parts, mandatory);
        if (!parts.IsAudited)
        {
            CheckCheckMac(type, buffer, parts, mandatory, default);
            first = mandatory.Id;
            return 0;
        }

        Span<byte> byOrder = stackalloc byte[256];
        int highest = CheckTrail(buffer, parts, origin, byOrder);
        if (highest != 0)
        {
            CheckReaderCheckMac(type, buffer, parts, new ForwardingMac(buffer[parts.ForwardingMacAt(highest)..]));
        }

        for (int order = 0; _checkKeys is not null && order < parts.ForwardingMacCount; order++)
        {
            ReadOnlySpan<byte> inbound = order == 0
                ? default
                : new ForwardingMac(buffer[parts.ForwardingMacAt(byOrder[order - 1])..]).ReaderCheckMac;
            CheckCheckMac(type, buffer, parts, new ForwardingMac(buffer[parts.ForwardingMacAt(byOrder[order])..]), inbound);
        }

        first = origin;
        return highest;
    }

    /// <summary>Orders 0, 1, … belong to the origin and then to each next entity up to the nearest; nothing is missing or repeated.</summary>
    private int CheckTrail(ReadOnlySpan<byte> buffer, in ContainerParts parts, byte origin, Span<byte> byOrder)
    {
        int start = IndexOf(origin);
        if (parts.AdditionalCount != start)
        {
            throw Fault(Misbehaviour.BadAuditTrail, $"{parts.ForwardingMacCount} entries, {start + 1} entities", parts.ContextId);
        }

        for (int index = 0; index < parts.ForwardingMacCount; index++)
        {
            // Each entity occurs once on the path, so equal orders cannot both pass.
            var entry = new ForwardingMac(buffer[parts.ForwardingMacAt(index)..]);
            if (entry.Order > start || _upstream[start - entry.Order] != entry.Id)
            {
                throw Fault(Misbehaviour.BadAuditTrail, $"entry of {entry.Id:x2} with order {entry.Order}", parts.ContextId);
            }

            byOrder[entry.Order] = (byte)index;
        }

        for (int order = 0; order <= start; order++)
        {
            if (new ForwardingMac(buffer[parts.ForwardingMacAt(byOrder[order])..]).Order != order)
            {
                throw Fault(Misbehaviour.BadAuditTrail, $"no entry with order {order}", parts.ContextId);
            }
        }

        return byOrder[start];
    }

    private void CheckReaderCheckMac(RecordType type, Span<byte> buffer, in ContainerParts parts, in ForwardingMac mac)
    {
        int macStart = MacInput.Place(buffer, parts, type, _path.SessionId, SequenceOf(mac.Id), parts.FragmentLength);
        Span<byte> hash = stackalloc byte[64];
        hash = hash[.._path.Suite.HashLength];
        MacInput.Hash(_path.Suite, buffer[macStart..parts.WriterMacOffset], hash);
        if (!Passes(ContainerMac.ReaderCheck, mac.Id, _keys.Synch.VerifyGmac(mac.Nonce, hash, mac.ReaderCheckMac)))
        {
            throw Fault(Misbehaviour.BadReaderCheckMac, $"forwarding MAC of {mac.Id:x2}", parts.ContextId);
        }
    }

    private void CheckCheckMac(
        RecordType type, ReadOnlySpan<byte> buffer, in ContainerParts parts, in ForwardingMac mac, ReadOnlySpan<byte> inbound)
    {
        if (_checkKeys?[IndexOf(mac.Id)] is not { } key)
        {
            return;
        }

        Span<byte> input = stackalloc byte[MacInput.MaxCheckInput];
        input = MacInput.WriteCheck(
            input, type, _path.SessionId, SequenceOf(mac.Id), buffer.Slice(parts.FlagsOffset, 2 + parts.MInfoLength),
            mac.Id, mac.Order, mac.Flags, inbound, mac.ReaderCheckMac);
        if (!Passes(ContainerMac.Check, mac.Id, key.VerifyGmac(mac.Nonce, input, mac.CheckMac)))
        {
            throw Fault(Misbehaviour.BadCheckMac, $"forwarding MAC of {mac.Id:x2}", parts.ContextId);
        }
    }

    /// <summary>Hears the verdict on every MAC that can be checked.</summary>
    /// <param name="mac">Which one.</param>
    /// <param name="entity">Who made it.</param>
    /// <param name="good">Whether it verified.</param>
    /// <returns>False to refuse the container. Only a listing of a capture, which releases nothing to anybody, goes on after a bad one.</returns>
    protected virtual bool Passes(ContainerMac mac, byte entity, bool good) => good;

    private ulong SequenceOf(byte entity) => _counters[IndexOf(entity)].Value;

    /// <summary>Alerts travel in context 0 except those about a MAC of a reader or writer (§10.2).</summary>
    private static TlmspException Fault(Misbehaviour misbehaviour, string? where = null, byte contextId = 0) =>
        new(misbehaviour, where, misbehaviour is Misbehaviour.BadWriterMac or Misbehaviour.BadFragmentTag ? contextId : (byte)0);
}
