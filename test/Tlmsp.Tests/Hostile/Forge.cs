using Tlmsp.TestSupport;

namespace Tlmsp.Tests.Hostile;

/// <summary>Messages that only a party with its own keys can make, and that it should not make.</summary>
internal static class Forge
{
    /// <summary>The body of a ServerKeyExchange with another share, signed by the server.</summary>
    public static byte[] ServerKeyExchange(InMemoryPath path, ushort group, byte[] point, ushort scheme = SignatureSchemes.EcdsaSha256)
    {
        TlmspServerHandshake server = path.ServerHandshake;
        byte[] parameters = SignedKeyShare.WriteParams(group, point);
        return Share(server.Options.Certificates[0], scheme, [.. server.ClientRandom, .. server.ServerRandom], parameters);
    }

    /// <summary>The body of a MiddleboxKeyExchange with other shares, signed by the middlebox.</summary>
    public static byte[] MiddleboxKeyExchange(
        InMemoryPath path, int index, ushort group, byte[] toClient, byte[] toServer, ushort scheme = SignatureSchemes.EcdsaSha256)
    {
        TlmspMiddleboxHandshake middlebox = path.MiddleboxHandshakes[index];
        byte[] randoms = [.. middlebox.Own.ToClientRandom, .. middlebox.Own.ToServerRandom];
        TlmspCertificate certificate = middlebox.Options.Certificate!;
        return
        [
            middlebox.Self,
            .. Share(certificate, scheme, randoms, SignedKeyShare.WriteParams(group, toClient)),
            .. Share(certificate, scheme, randoms, SignedKeyShare.WriteParams(group, toServer)),
        ];
    }

    /// <summary>A point of a fresh key.</summary>
    public static byte[] Point(KeyExchangeGroup group)
    {
        using EphemeralKey key = group.Generate(TlmspRandom.System);
        return key.PublicPoint.ToArray();
    }

    /// <summary>Decrypts KeyMaterial or a KeyConfirmation, and encrypts other contributions in the same nonce.</summary>
    public static byte[] Contributions(byte[] body, SecretKey key, Action<ContributionList> change)
    {
        byte[] aad = body[..(1 + TlmspDialect.NonceLength)];
        byte[] plaintext = new byte[body.Length - aad.Length - TlmspDialect.TagLength];
        Assert.True(key.TryDecrypt(
            aad.AsSpan(1), body.AsSpan(aad.Length, plaintext.Length), body.AsSpan()[^TlmspDialect.TagLength..], plaintext, aad));
        var list = new ContributionList(plaintext);
        change(list);
        byte[] other = list.ToBytes();
        byte[] ciphertext = new byte[other.Length];
        byte[] tag = new byte[TlmspDialect.TagLength];
        key.Encrypt(aad.AsSpan(1), other, ciphertext, tag, aad);
        return [.. aad, .. ciphertext, .. tag];
    }

    /// <summary>A protected handshake record around another message, or with another number, sealed with the direction's keys.</summary>
    /// <param name="path">The path; both endpoints have their keys by now.</param>
    /// <param name="toServer">The direction.</param>
    /// <param name="record">The record.</param>
    /// <param name="sequence">Its number: 0 for Finished.</param>
    /// <param name="change">Makes the other message.</param>
    /// <param name="newSequence">Its number from now on; the same by default.</param>
    public static byte[] Reseal(
        InMemoryPath path, bool toServer, WireRecord record, ulong sequence, Func<byte[], byte[]> change, ulong? newSequence = null)
    {
        (DirectionKeys clientToServer, DirectionKeys serverToClient) = path.ServerHandshake.Keys!.Value;
        SecretKey key = (toServer ? clientToServer : serverToClient).Reader(0)!;
        uint sid = path.ServerHandshake.Path.SessionId;
        byte[] body = record.Body;
        byte[] nonce = body[..TlmspDialect.NonceLength];
        byte[] message = new byte[body.Length - TlmspDialect.NonceLength - TlmspDialect.TagLength];
        byte[] aad = new byte[17];
        IncomingFlow.WriteRecordAad(aad, sequence, RecordType.Handshake, message.Length, sid);
        Assert.True(key.TryDecrypt(
            nonce, body.AsSpan(nonce.Length, message.Length), body.AsSpan()[^TlmspDialect.TagLength..], message, aad));

        byte[] other = change(message);
        IncomingFlow.WriteRecordAad(aad, newSequence ?? sequence, RecordType.Handshake, other.Length, sid);
        byte[] ciphertext = new byte[other.Length];
        byte[] tag = new byte[TlmspDialect.TagLength];
        key.Encrypt(nonce, other, ciphertext, tag, aad);
        return record.With([.. nonce, .. ciphertext, .. tag]);
    }

    private static byte[] Share(TlmspCertificate certificate, ushort scheme, byte[] randoms, byte[] parameters)
    {
        var writer = new WireWriter();
        byte[] signed = [.. randoms, .. parameters];
        SignedKeyShare.Write(writer, parameters, scheme, SignatureSchemes.Sign(certificate, scheme, signed));
        return writer.ToArray();
    }
}

/// <summary>The plaintext of KeyMaterial, entry by entry.</summary>
internal sealed class ContributionList
{
    public ContributionList(byte[] plaintext)
    {
        for (int at = 0; at < plaintext.Length;)
        {
            int start = at;
            at += plaintext[at] == 0 ? 1 + TlmspDialect.ContributionLength : 1;
            byte[] head = plaintext[start..at];
            byte[] reader = plaintext[(at + 1)..(at + 1 + plaintext[at])];
            at += 1 + reader.Length;
            byte[] writer = plaintext[(at + 1)..(at + 1 + plaintext[at])];
            at += 1 + writer.Length;
            Entries.Add(new Entry(head, reader, writer));
        }
    }

    public List<Entry> Entries { get; } = [];

    /// <summary>The entry of a context.</summary>
    public Entry this[byte context]
    {
        get => Entries.Single(entry => entry.Head[0] == context);
        set => Entries[Entries.FindIndex(entry => entry.Head[0] == context)] = value;
    }

    public byte[] ToBytes() => [.. Entries.SelectMany(entry =>
        (byte[])[.. entry.Head, (byte)entry.Reader.Length, .. entry.Reader, (byte)entry.Writer.Length, .. entry.Writer])];

    /// <param name="Head">Context id, and in context 0 the synch contribution.</param>
    /// <param name="Reader">The reader contribution.</param>
    /// <param name="Writer">The writer contribution.</param>
    public sealed record Entry(byte[] Head, byte[] Reader, byte[] Writer);
}
