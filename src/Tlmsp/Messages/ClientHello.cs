using System.Buffers.Binary;

namespace Tlmsp;

/// <summary>ClientHello (RFC 5246 §7.4.1.2) with the TLMSP extensions.</summary>
internal sealed class ClientHello
{
    private ClientHello(ushort version, byte[] random, byte[] sessionId, ushort[] cipherSuites, HelloExtensions extensions)
    {
        Version = version;
        Random = random;
        SessionId = sessionId;
        CipherSuites = cipherSuites;
        Extensions = extensions;
    }

    public ushort Version { get; }

    public byte[] Random { get; }

    public byte[] SessionId { get; }

    public ushort[] CipherSuites { get; }

    public HelloExtensions Extensions { get; }

    public string? ServerName => Extensions.FindServerName();

    public ushort[]? SupportedGroups => Extensions.FindList(TlmspDialect.ExtensionSupportedGroups, "supported_groups");

    public ushort[]? SignatureSchemes => Extensions.FindList(TlmspDialect.ExtensionSignatureAlgorithms, "signature_algorithms");

    /// <summary>The tlmsp extension; null in a plain TLS hello.</summary>
    public TlmspClientExtension? Tlmsp { get; private init; }

    /// <summary>The application contexts; null when the extension is missing.</summary>
    public IReadOnlyList<TlmspContext>? Contexts { get; private init; }

    public static ClientHello Read(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body, "ClientHello");
        ushort version = reader.U16("version");
        byte[] random = reader.Bytes(TlmspDialect.RandomLength, "random").ToArray();
        byte[] sessionId = reader.Vector8("session id").ToArray();
        ReadOnlySpan<byte> suites = reader.Vector16("cipher suites");
        ReadOnlySpan<byte> compression = reader.Vector8("compression methods");
        if (sessionId.Length > 32 || suites.Length % 2 != 0)
        {
            throw new TlmspException(Misbehaviour.TruncatedMessage, "ClientHello, session id or cipher suites");
        }

        if (!compression.Contains((byte)0))
        {
            throw new TlmspException(Misbehaviour.BadCompression, "ClientHello without the null method");
        }

        ushort[] suiteIds = new ushort[suites.Length / 2];
        for (int i = 0; i < suiteIds.Length; i++)
        {
            suiteIds[i] = BinaryPrimitives.ReadUInt16BigEndian(suites[(2 * i)..]);
        }

        HelloExtensions extensions = HelloExtensions.Read(ref reader);
        reader.End();
        return new ClientHello(version, random, sessionId, suiteIds, extensions)
        {
            Tlmsp = extensions.Find(TlmspDialect.ExtensionTlmsp) is { } tlmsp ? TlmspClientExtension.Read(tlmsp) : null,
            Contexts = extensions.Find(TlmspDialect.ExtensionContextList) is { } contexts ? ContextListExtension.Read(contexts) : null,
        };
    }

    /// <summary>Checks what every party that speaks TLMSP requires of a hello (handshake.md §2.6, §2.7).</summary>
    public void ThrowUnlessTlmsp(TlmspLimits limits)
    {
        if (Version < TlmspDialect.Version)
        {
            throw new TlmspException(Misbehaviour.BadHelloVersion, $"{Version:x4}");
        }

        if (Tlmsp is null)
        {
            if (PlainTlsHello.IsFallback(this))
            {
                throw new TlmspException(Misbehaviour.FallbackRefused, "the tlmsp extension was removed on the way");
            }

            throw new TlmspException(Misbehaviour.PlainTls, "a ClientHello without the tlmsp extension");
        }

        foreach (ushort forbidden in (ReadOnlySpan<ushort>)[TlmspDialect.ExtensionAlpn, TlmspDialect.ExtensionNpn, TlmspDialect.ExtensionExtendedMasterSecret])
        {
            if (Extensions.Find(forbidden) is not null)
            {
                throw new TlmspException(Misbehaviour.ForbiddenExtension, $"extension {forbidden}");
            }
        }

        Extensions.ThrowIfRenegotiating();
        if (Contexts is null)
        {
            throw new TlmspException(Misbehaviour.MissingContextList);
        }

        int middleboxes = Math.Max(Tlmsp.Middleboxes.Count, Tlmsp.Path.Count);
        if (middleboxes > limits.MaxMiddleboxes || Contexts.Count > limits.MaxContexts || Contexts.Count == 0)
        {
            throw new TlmspException(Misbehaviour.LimitExceeded, $"{middleboxes} middleboxes, {Contexts.Count} contexts");
        }

        Span<bool> known = stackalloc bool[256];
        foreach (TlmspContext context in Contexts)
        {
            known[context.Id] = true;
        }

        foreach (MiddleboxEntry entry in Tlmsp.Middleboxes.Concat(Tlmsp.Path))
        {
            foreach (TlmspGrant grant in entry.Grant)
            {
                if (!known[grant.ContextId])
                {
                    throw new TlmspException(Misbehaviour.BadGrant, $"middlebox {entry.Id:x2}, context {grant.ContextId} is not in the list");
                }
            }
        }
    }

    /// <summary>Writes our hello: no session id, no ticket, nothing that handshake.md §9 forbids, everything in canonical order.</summary>
    public static byte[] Write(
        ReadOnlySpan<byte> random, IEnumerable<ushort> cipherSuites, string? serverName, IEnumerable<ushort> groups,
        IEnumerable<ushort> signatureSchemes, TlmspClientExtension tlmsp, IEnumerable<TlmspContext> contexts)
    {
        var extensions = new HelloExtensions();
        if (serverName is not null)
        {
            extensions.AddServerName(serverName);
        }

        extensions.AddList(TlmspDialect.ExtensionSupportedGroups, groups);
        extensions.Add(TlmspDialect.ExtensionPointFormats, [1, 0]);
        extensions.AddList(TlmspDialect.ExtensionSignatureAlgorithms, signatureSchemes);
        extensions.Add(TlmspDialect.ExtensionTlmsp, tlmsp.ToBytes());
        extensions.Add(TlmspDialect.ExtensionContextList, ContextListExtension.ToBytes(contexts));

        WireWriter writer = WireWriter.Message(HandshakeType.ClientHello);
        writer.U16(TlmspDialect.Version);
        writer.Bytes(random);
        writer.U8(0);
        var suites = new WireWriter();
        foreach (ushort suite in cipherSuites.Append(TlmspDialect.RenegotiationScsv))
        {
            suites.U16(suite);
        }

        writer.Vector16(suites.ToArray());
        writer.Vector8([0]);
        extensions.Write(writer);
        return writer.ToMessage();
    }
}
