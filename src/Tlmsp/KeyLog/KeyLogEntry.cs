using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Tlmsp;

/// <summary>What a line of a key log holds. "Client" keys protect what travels to the server, "server" keys the other way (records-keys.md §7.6).</summary>
internal enum KeyLogLabel
{
    /// <summary>The pairwise encryption key of two entities, one way: check MACs, KeyMaterial, KeyConfirmation (§7.5).</summary>
    PairEnc,

    ClientSynchMac,
    ServerSynchMac,
    ClientReaderEnc,
    ServerReaderEnc,
    ClientWriterMac,
    ServerWriterMac,
}

/// <summary>One line of a key log; docs/keylog.md describes the format.</summary>
/// <param name="Label">What the key is.</param>
/// <param name="ClientRandom">The random of ClientHello, in lower-case hex.</param>
/// <param name="SessionId">The session id of ServerHello.</param>
/// <param name="Party">The entity that wrote the line.</param>
/// <param name="Subject">The context, or for a pair of entities the one that encrypts times 256 plus the one that decrypts.</param>
/// <param name="Key">The key.</param>
internal sealed record KeyLogEntry(KeyLogLabel Label, string ClientRandom, uint SessionId, byte Party, ushort Subject, byte[] Key)
{
    private static readonly Dictionary<KeyLogLabel, string> s_names = new()
    {
        [KeyLogLabel.PairEnc] = "TLMSP_PAIR_ENC",
        [KeyLogLabel.ClientSynchMac] = "TLMSP_CLIENT_SYNCH_MAC",
        [KeyLogLabel.ServerSynchMac] = "TLMSP_SERVER_SYNCH_MAC",
        [KeyLogLabel.ClientReaderEnc] = "TLMSP_CLIENT_READER_ENC",
        [KeyLogLabel.ServerReaderEnc] = "TLMSP_SERVER_READER_ENC",
        [KeyLogLabel.ClientWriterMac] = "TLMSP_CLIENT_WRITER_MAC",
        [KeyLogLabel.ServerWriterMac] = "TLMSP_SERVER_WRITER_MAC",
    };

    /// <summary>Most bytes of a line: label, random, session id, party, subject, key of 32 bytes, five blanks and the line feed.</summary>
    public static int MaxLength { get; } = s_names.Values.Max(name => name.Length) + 64 + 8 + 2 + 4 + 64 + 6;

    /// <summary>Writes a line without leaving copies of the key behind.</summary>
    /// <returns>Its length in bytes.</returns>
    public static int Write(
        Span<byte> line, KeyLogLabel label, ReadOnlySpan<byte> clientRandom, uint sessionId, byte party, ReadOnlySpan<byte> subject, ReadOnlySpan<byte> key)
    {
        Span<byte> sid = stackalloc byte[TlmspDialect.SessionIdLength];
        BinaryPrimitives.WriteUInt32BigEndian(sid, sessionId);
        int length = Encoding.ASCII.GetBytes(s_names[label], line);
        length += Field(line[length..], clientRandom);
        length += Field(line[length..], sid);
        length += Field(line[length..], [party]);
        length += Field(line[length..], subject);
        length += Field(line[length..], key);
        line[length++] = (byte)'\n';
        return length;
    }

    /// <summary>Reads a line.</summary>
    /// <param name="line">Without its line feed.</param>
    /// <param name="entry">Null for comments, empty lines and labels of others, which a shared file may hold.</param>
    /// <returns>False when a line with one of our labels is malformed.</returns>
    public static bool TryRead(string line, out KeyLogEntry? entry)
    {
        entry = null;
        string[] fields = line.TrimEnd('\r').Split(' ');
        KeyValuePair<KeyLogLabel, string> name = s_names.FirstOrDefault(pair => pair.Value == fields[0]);
        if (name.Value is null)
        {
            return true;
        }

        bool isPair = name.Key == KeyLogLabel.PairEnc;
        if (fields.Length != 6 || !TryHex(fields[1], 64, out _) || !TryNumber(fields[2], 8, out uint sessionId) || !TryNumber(fields[3], 2, out uint party)
            || !TryNumber(fields[4], isPair ? 4 : 2, out uint subject) || fields[5].Length is not (32 or 64)
            || !TryHex(fields[5], fields[5].Length, out byte[]? key))
        {
            return false;
        }

        entry = new KeyLogEntry(name.Key, fields[1], sessionId, (byte)party, (ushort)subject, key);
        return true;
    }

    private static int Field(Span<byte> line, ReadOnlySpan<byte> value)
    {
        line[0] = (byte)' ';
        Convert.TryToHexStringLower(value, line[1..], out int length);
        return 1 + length;
    }

    private static bool TryNumber(string text, int digits, out uint value)
    {
        value = 0;
        return text.Length == digits && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static bool TryHex(string text, int digits, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length != digits || text.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }

        bytes = Convert.FromHexString(text);
        return true;
    }
}
