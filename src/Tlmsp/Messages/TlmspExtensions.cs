using System.Text;

namespace Tlmsp;

/// <summary>The tlmsp extension of ClientHello (handshake.md §2.2).</summary>
internal sealed record TlmspClientExtension(
    TlmspAddress ClientAddress, TlmspAddress ServerAddress, IReadOnlyList<MiddleboxEntry> Middleboxes)
{
    /// <summary>Set in the hello after a discovery: the first connection's session id and hash, and the final list.</summary>
    public (uint SessionId, byte[] Hash, IReadOnlyList<MiddleboxEntry> Middleboxes)? Discovery { get; init; }

    /// <summary>The list in force: the discovered one where there is one.</summary>
    public IReadOnlyList<MiddleboxEntry> Path => Discovery?.Middleboxes ?? Middleboxes;

    public static TlmspClientExtension Read(ReadOnlySpan<byte> data)
    {
        var reader = new WireReader(data, "tlmsp extension");
        ReadVersion(ref reader);
        TlmspAddress client = MiddleboxEntry.ReadAddress(ref reader, "client address");
        TlmspAddress server = MiddleboxEntry.ReadAddress(ref reader, "server address");
        byte ack = reader.U8("client_discovery_ack");
        if (ack > 1)
        {
            throw new TlmspException(Misbehaviour.BadDiscovery, $"client_discovery_ack {ack}");
        }

        IReadOnlyList<MiddleboxEntry> list = MiddleboxEntry.ReadList(ref reader, "middleboxes");
        var extension = new TlmspClientExtension(client, server, list);
        if (ack == 1)
        {
            uint sid = reader.U32("sid");
            byte[] hash = reader.Vector8("discovery_hash").ToArray();
            if (hash.Length > 64)
            {
                throw new TlmspException(Misbehaviour.BadDiscovery, $"discovery_hash of {hash.Length} bytes");
            }

            extension = extension with { Discovery = (sid, hash, MiddleboxEntry.ReadList(ref reader, "discovered middleboxes")) };
        }

        reader.End();
        return extension;
    }

    public byte[] ToBytes()
    {
        var writer = new WireWriter();
        writer.U8(TlmspDialect.TlmspMajor);
        writer.U8(TlmspDialect.TlmspMinor);
        MiddleboxEntry.WriteAddress(writer, ClientAddress);
        MiddleboxEntry.WriteAddress(writer, ServerAddress);
        writer.U8(Discovery is null ? 0 : 1);
        MiddleboxEntry.WriteList(writer, Middleboxes);
        if (Discovery is { } discovery)
        {
            writer.U32(discovery.SessionId);
            writer.Vector8(discovery.Hash);
            MiddleboxEntry.WriteList(writer, discovery.Middleboxes);
        }

        return writer.ToArray();
    }

    internal static void ReadVersion(ref WireReader reader)
    {
        byte major = reader.U8("version");
        byte minor = reader.U8("version");
        if (major != TlmspDialect.TlmspMajor || minor != TlmspDialect.TlmspMinor)
        {
            throw new TlmspException(Misbehaviour.BadTlmspVersion, $"{major}.{minor}");
        }
    }
}

/// <summary>The tlmsp extension of ServerHello (handshake.md §2.2).</summary>
internal sealed record TlmspServerExtension(
    uint SessionId, TlmspAddress ClientAddress, TlmspAddress ServerAddress, IReadOnlyList<MiddleboxEntry> Middleboxes)
{
    public static TlmspServerExtension Read(ReadOnlySpan<byte> data)
    {
        var reader = new WireReader(data, "tlmsp extension");
        TlmspClientExtension.ReadVersion(ref reader);
        uint sid = reader.U32("sid");
        TlmspAddress client = MiddleboxEntry.ReadAddress(ref reader, "client address");
        TlmspAddress server = MiddleboxEntry.ReadAddress(ref reader, "server address");
        IReadOnlyList<MiddleboxEntry> list = MiddleboxEntry.ReadList(ref reader, "middleboxes");
        reader.End();
        return new TlmspServerExtension(sid, client, server, list);
    }

    public byte[] ToBytes()
    {
        var writer = new WireWriter();
        writer.U8(TlmspDialect.TlmspMajor);
        writer.U8(TlmspDialect.TlmspMinor);
        writer.U32(SessionId);
        MiddleboxEntry.WriteAddress(writer, ClientAddress);
        MiddleboxEntry.WriteAddress(writer, ServerAddress);
        MiddleboxEntry.WriteList(writer, Middleboxes);
        return writer.ToArray();
    }
}

/// <summary>The tlmsp_context_list extension (handshake.md §2.2), in ascending order as every re-encoder writes it (§2.6).</summary>
internal static class ContextListExtension
{
    public static IReadOnlyList<TlmspContext> Read(ReadOnlySpan<byte> data)
    {
        var reader = new WireReader(data, "context list extension");
        WireReader list = reader.Sub16("contexts");
        reader.End();
        var contexts = new List<TlmspContext>();
        while (!list.IsEmpty)
        {
            byte id = list.U8("context id");
            byte audit = list.U8("audit");
            byte origin = list.U8("origin_verification");
            ReadOnlySpan<byte> purpose = list.Vector8("purpose");
            if (id == 0 || audit > 1 || origin != 0 || contexts.Any(context => context.Id == id))
            {
                throw new TlmspException(Misbehaviour.BadContextDescription, $"context {id}, audit {audit}, origin_verification {origin}");
            }

            if (contexts.Count > 0 && contexts[^1].Id > id)
            {
                throw new TlmspException(Misbehaviour.NotCanonical, $"context {id} after {contexts[^1].Id}");
            }

            contexts.Add(new TlmspContext(id, Encoding.Latin1.GetString(purpose), audit == 1));
        }

        return contexts;
    }

    public static byte[] ToBytes(IEnumerable<TlmspContext> contexts)
    {
        var list = new WireWriter();
        foreach (TlmspContext context in contexts.OrderBy(context => context.Id))
        {
            list.U8(context.Id);
            list.U8(context.Audited ? 1 : 0);
            list.U8(0);
            list.Vector8(Encoding.Latin1.GetBytes(context.Purpose));
        }

        var writer = new WireWriter();
        writer.Vector16(list.ToArray());
        return writer.ToArray();
    }
}
