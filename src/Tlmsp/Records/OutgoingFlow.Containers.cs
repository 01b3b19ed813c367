using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;

namespace Tlmsp;

/// <summary>Sealing containers: everything that records-keys.md §5 lets an entity do to one. Each becomes one record.</summary>
internal sealed partial class OutgoingFlow
{
    // A container under construction starts behind room for the record header; the MAC prefix overlaps that room.
    private const int BuildStart = ContainerParts.Headroom + RecordHeader.Size + TlmspDialect.SessionIdLength;

    /// <summary>Writes a new container: an endpoint's own, or one that a middlebox inserts.</summary>
    /// <param name="type">Alert or application data.</param>
    /// <param name="contextId">An existing context.</param>
    /// <param name="plaintext">At most <see cref="TlmspDialect.MaxPlaintext"/> bytes.</param>
    /// <param name="output">Receives one record.</param>
    public void Originate(RecordType type, byte contextId, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> output)
    {
        int slot = WritableSlot(type, contextId);
        ushort flags = _path.IsAudited(slot) ? TlmspDialect.FlagAudited : (ushort)0;
        Span<byte> mInfo = stackalloc byte[2];
        if (IsMiddlebox)
        {
            flags |= TlmspDialect.FlagInserted;
            mInfo[0] = _self;
        }
        else
        {
            mInfo = default;
        }

        Tick(type);
        Build(type, contextId, slot, flags, mInfo, plaintext, order: 0, IsMiddlebox ? TlmspDialect.ForwardingInserted : (byte)0,
            inbound: default, trail: default, output);
    }

    /// <summary>Passes a container of an unaudited context on as it came: the forwarding MAC of whoever sent it stays valid (§5).</summary>
    public void ForwardUnchanged(in OpenedContainer container, IBufferWriter<byte> output)
    {
        Debug.Assert(!container.Parts.IsAudited);
        Tick(container.Type, container.DeletedCount);
        ContainerParts parts = container.Parts;
        int length = parts.End - parts.FlagsOffset;
        Span<byte> record = StartRecord(container.Type, parts.ContextId, length, output);
        container.Buffer.Slice(parts.FlagsOffset, length).CopyTo(record);
        RestoreFragmentLength(parts, record);
        output.Advance(RecordHeader.Size + TlmspDialect.SessionIdLength + 1 + length);
    }

    /// <summary>Passes a container on with a forwarding MAC of one's own: replaced where unaudited, appended to the trail where audited.</summary>
    public void Forward(in OpenedContainer container, IBufferWriter<byte> output)
    {
        Tick(container.Type, container.DeletedCount);
        ContainerParts parts = container.Parts;
        bool audited = parts.IsAudited;
        ForwardingMac high = container.ForwardingMac(container.HighestIndex);

        int kept = (audited ? parts.End : parts.ForwardingMacOffset) - parts.FlagsOffset;
        int length = kept + TlmspDialect.ForwardingMacLength;
        Span<byte> record = StartRecord(container.Type, parts.ContextId, length, output);
        container.Buffer.Slice(parts.FlagsOffset, kept).CopyTo(record);
        RestoreFragmentLength(parts, record);
        if (audited)
        {
            int countOffset = parts.ForwardingMacOffset + TlmspDialect.ForwardingMacLength - parts.FlagsOffset;
            record[countOffset] = (byte)checked(parts.AdditionalCount + 1);
        }

        WriteForwardingMac(
            record.Slice(kept, TlmspDialect.ForwardingMacLength), container.Buffer, parts, container.Type,
            audited ? (byte)checked(high.Order + 1) : (byte)0, TlmspDialect.ForwardingInserted, audited ? high.ReaderCheckMac : default);
        output.Advance(RecordHeader.Size + TlmspDialect.SessionIdLength + 1 + length);
    }

    /// <summary>Sends other content in a container's place. Flags and m_info stay, the author becomes self.</summary>
    public void Modify(in OpenedContainer container, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> output)
    {
        ContainerParts parts = container.Parts;
        int slot = WritableSlot(container.Type, parts.ContextId);
        Tick(container.Type, container.DeletedCount);
        ForwardingMac high = container.ForwardingMac(container.HighestIndex);
        Build(
            container.Type, parts.ContextId, slot, parts.Flags, container.MInfo, plaintext,
            parts.IsAudited ? (byte)checked(high.Order + 1) : (byte)0, TlmspDialect.ForwardingInserted,
            parts.IsAudited ? high.ReaderCheckMac : default,
            // The old mandatory entry goes behind the old trail.
            parts.IsAudited ? container.Buffer[parts.ForwardingMacOffset..parts.End] : default, output);
    }

    /// <summary>Sends a delete notice in a container's place; its trail is discarded.</summary>
    public void Delete(in OpenedContainer container, IBufferWriter<byte> output) => Delete(container, [container.Origin, 0, 1], output);

    /// <summary>Sends one delete notice for several containers, in the place of one of them.</summary>
    /// <param name="container">Gives the notice its context and flags.</param>
    /// <param name="indicators">Whose containers are gone and how many of each: DeleteIndicators as on the wire (§2.1).</param>
    /// <param name="output">Receives one record.</param>
    public void Delete(in OpenedContainer container, ReadOnlySpan<byte> indicators, IBufferWriter<byte> output)
    {
        ContainerParts parts = container.Parts;
        int slot = WritableSlot(container.Type, parts.ContextId);
        if (container.Type == RecordType.Alert)
        {
            throw new InvalidOperationException("Alerts cannot be deleted (records-keys.md §5).");
        }

        Span<byte> mInfo = stackalloc byte[2 + 3 * byte.MaxValue];
        mInfo = mInfo[..(2 + indicators.Length)];
        mInfo[0] = _self;
        mInfo[1] = (byte)(indicators.Length / 3);
        indicators.CopyTo(mInfo[2..]);
        Tick(container.Type, OpenedContainer.CountDeleted(mInfo));
        Build(
            container.Type, parts.ContextId, slot, (ushort)(parts.Flags | TlmspDialect.FlagDeleted), mInfo, [], order: 0,
            TlmspDialect.ForwardingDeleted, inbound: default, trail: default, output);
    }

    private void Build(
        RecordType type, byte contextId, int slot, ushort flags, ReadOnlySpan<byte> mInfo, ReadOnlySpan<byte> plaintext,
        byte order, byte forwardingFlags, ReadOnlySpan<byte> inbound, ReadOnlySpan<byte> trail, IBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, TlmspDialect.MaxPlaintext, nameof(plaintext));
        ContainerParts parts = ContainerParts.Layout(contextId, flags, mInfo.Length, BuildStart, plaintext.Length);
        byte[] rented = ArrayPool<byte>.Shared.Rent(parts.End + trail.Length);
        try
        {
            Span<byte> buffer = rented;
            BinaryPrimitives.WriteUInt16BigEndian(buffer[parts.FlagsOffset..], flags);
            mInfo.CopyTo(buffer[parts.MInfoOffset..]);
            SealFragment(type, slot, buffer, parts, plaintext);
            WriteForwardingMac(buffer[parts.ForwardingMacOffset..], buffer, parts, type, order, forwardingFlags, inbound);
            int end = parts.End;
            if (parts.IsAudited)
            {
                end = WriteTrail(buffer, parts.End - 1, trail);
            }

            // Last, because the MAC prefix lies over the record header.
            int length = end - BuildStart;
            int start = BuildStart - RecordHeader.Size - TlmspDialect.SessionIdLength;
            RecordHeader.Write(buffer[start..], type, TlmspDialect.SessionIdLength + length);
            BinaryPrimitives.WriteUInt32BigEndian(buffer[(start + RecordHeader.Size)..], _path.SessionId);
            buffer[BuildStart] = contextId;
            output.Write(buffer[start..end]);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Fragment and writer MAC (§3.1, §4.2). A middlebox that may only read sends alerts with a zero writer MAC.</summary>
    private void SealFragment(RecordType type, int slot, Span<byte> buffer, in ContainerParts parts, ReadOnlySpan<byte> plaintext)
    {
        Span<byte> fragment = buffer.Slice(parts.FragmentOffset, parts.FragmentLength);
        Span<byte> nonce = fragment[..TlmspDialect.NonceLength];
        _nonces.Next(nonce);
        int macStart = MacInput.Place(buffer, parts, type, _path.SessionId, _counter.Value, plaintext.Length);
        _keys.Reader(slot)!.Encrypt(
            nonce, plaintext, fragment.Slice(TlmspDialect.NonceLength, plaintext.Length), fragment[^TlmspDialect.TagLength..],
            buffer[macStart..parts.FragmentOffset]);

        Span<byte> writerMac = buffer.Slice(parts.WriterMacOffset, TlmspDialect.TagLength);
        if (_keys.Writer(slot) is { } writer)
        {
            MacInput.Place(buffer, parts, type, _path.SessionId, _counter.Value, parts.FragmentLength);
            writer.Gmac(nonce, buffer[macStart..parts.WriterMacOffset], writerMac);
        }
        else
        {
            writerMac.Clear();
        }
    }

    private void WriteForwardingMac(
        Span<byte> destination, Span<byte> buffer, in ContainerParts parts, RecordType type, byte order, byte flags, ReadOnlySpan<byte> inbound)
    {
        destination[0] = _self;
        destination[1] = order;
        destination[2] = flags;
        Span<byte> readerCheckMac = destination.Slice(3, TlmspDialect.TagLength);
        Span<byte> nonce = destination.Slice(19, TlmspDialect.NonceLength);
        Span<byte> checkMac = destination.Slice(31, TlmspDialect.TagLength);

        _nonces.Next(nonce);
        int macStart = MacInput.Place(buffer, parts, type, _path.SessionId, _counter.Value, parts.FragmentLength);
        Span<byte> hash = stackalloc byte[64];
        hash = hash[.._path.Suite.HashLength];
        MacInput.Hash(_path.Suite, buffer[macStart..parts.WriterMacOffset], hash);
        _keys.Synch.Gmac(nonce, hash, readerCheckMac);

        Span<byte> input = stackalloc byte[MacInput.MaxCheckInput];
        input = MacInput.WriteCheck(
            input, type, _path.SessionId, _counter.Value, buffer.Slice(parts.FlagsOffset, 2 + parts.MInfoLength),
            _self, order, flags, inbound, readerCheckMac);
        _checkKey.Gmac(nonce, input, checkMac);
    }

    /// <summary>Writes nAF and the trail of a container that replaces another: its old trail, then its old mandatory entry (§5).</summary>
    /// <param name="buffer">The container under construction.</param>
    /// <param name="at">Offset of nAF.</param>
    /// <param name="old">Mandatory entry, nAF and entries of the replaced container; empty for a new trail.</param>
    private static int WriteTrail(Span<byte> buffer, int at, ReadOnlySpan<byte> old)
    {
        if (old.IsEmpty)
        {
            buffer[at] = 0;
            return at + 1;
        }

        const int entry = TlmspDialect.ForwardingMacLength;
        buffer[at] = (byte)checked(old[entry] + 1);
        ReadOnlySpan<byte> additional = old[(entry + 1)..];
        additional.CopyTo(buffer[(at + 1)..]);
        old[..entry].CopyTo(buffer[(at + 1 + additional.Length)..]);
        return at + 1 + additional.Length + entry;
    }

    /// <summary>Writes record header, session id and context id.</summary>
    /// <returns>Room for the rest of the container.</returns>
    private Span<byte> StartRecord(RecordType type, byte contextId, int length, IBufferWriter<byte> output)
    {
        const int head = RecordHeader.Size + TlmspDialect.SessionIdLength + 1;
        Span<byte> record = output.GetSpan(head + length);
        RecordHeader.Write(record, type, TlmspDialect.SessionIdLength + 1 + length);
        BinaryPrimitives.WriteUInt32BigEndian(record[RecordHeader.Size..], _path.SessionId);
        record[head - 1] = contextId;
        return record.Slice(head, length);
    }

    /// <summary>The AAD check leaves the plaintext's length in the field; the wire wants the fragment's.</summary>
    private static void RestoreFragmentLength(in ContainerParts parts, Span<byte> fromFlags) =>
        BinaryPrimitives.WriteUInt16BigEndian(fromFlags[(2 + parts.MInfoLength)..], (ushort)parts.FragmentLength);

    private int WritableSlot(RecordType type, byte contextId)
    {
        int slot = _path.SlotOf(contextId);
        if (slot < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(contextId), contextId, "The session has no such context.");
        }

        TlmspAccess needed = type == RecordType.Alert ? TlmspAccess.Read : TlmspAccess.Write;
        return _path.AccessOf(_self, contextId) >= needed
            ? slot
            : throw new InvalidOperationException($"Entity {_self:x2} may not write in context {contextId}.");
    }
}
