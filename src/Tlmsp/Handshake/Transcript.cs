using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>
/// The handshake messages that Finished and MiddleboxFinished cover (records-keys.md §9): a running hash for the endpoints' Finished,
/// and the named messages that the transcript of each middlebox is put together from.
/// </summary>
internal sealed class Transcript(TlmspCipherSuite suite) : IDisposable
{
    private readonly IncrementalHash _endpoint = IncrementalHash.CreateHash(suite.Hash);
    private readonly List<byte[]> _base = [];
    private readonly List<byte[]> _all = [];
    private byte[] _clientKeyExchange = [];
    private byte[] _clientKeyMaterial = [];
    private byte[] _serverKeyMaterial = [];

    public byte[] ClientFinished { get; private set; } = [];

    public byte[] ServerFinished { get; private set; } = [];

    /// <summary>ClientHello, ServerHello, Certificate, ServerKeyExchange, ServerHelloDone: part of both kinds, in order.</summary>
    public void AddOpening(byte[] message)
    {
        Append(message);
        _base.Add(message);
    }

    /// <summary>What only the endpoints' Finished covers as it comes: the messages of middleboxes, CertificateRequest and the like.</summary>
    public void AddEndpointOnly(byte[] message) => Append(message);

    /// <summary>Every message so far, one after the other: what CertificateVerify signs, by a hash of its own (RFC 5246 §7.4.8).</summary>
    public byte[] AllMessages() => [.. _all.SelectMany(message => message)];

    /// <summary>The client's Certificate (if it sends one) and ClientKeyExchange.</summary>
    public void AddClientKeyExchange(byte[] message)
    {
        Append(message);
        _clientKeyExchange = [.. _clientKeyExchange, .. message];
    }

    /// <summary>KeyMaterial from one endpoint to the other, in wire form.</summary>
    public void AddKeyMaterial(byte[] message, bool fromClient)
    {
        Append(message);
        if (fromClient)
        {
            _clientKeyMaterial = message;
        }
        else
        {
            _serverKeyMaterial = message;
        }
    }

    public void AddFinished(byte[] message, bool fromClient)
    {
        Append(message);
        if (fromClient)
        {
            ClientFinished = message;
        }
        else
        {
            ServerFinished = message;
        }
    }

    /// <summary>Hash of everything so far; after ServerHelloDone this is the discovery_hash (handshake.md §1.5).</summary>
    public byte[] CurrentHash() => _endpoint.GetCurrentHash();

    /// <summary>verify_data of an endpoint's Finished over everything so far (§9.1).</summary>
    public byte[] FinishedValue(ReadOnlySpan<byte> master, bool ofClient)
    {
        byte[] value = new byte[TlmspDialect.VerifyDataLength];
        TlmspPrf.Expand(
            suite, master, ofClient ? TlmspDialect.LabelClientFinished : TlmspDialect.LabelServerFinished, _endpoint.GetCurrentHash(), value);
        return value;
    }

    /// <summary>verify_data of MiddleboxFinished with one label, which also decides what is covered (§9.2).</summary>
    /// <param name="master">Master secret of the endpoint and the middlebox.</param>
    /// <param name="label">One of the four labels.</param>
    /// <param name="hello">The middlebox's MiddleboxHello.</param>
    /// <param name="certificate">Its MiddleboxCert.</param>
    /// <param name="helloDone">Its MiddleboxHelloDone.</param>
    /// <param name="contributions">"Lcontrib"; only the values shared with the server cover it.</param>
    public byte[] MiddleboxFinishedValue(
        ReadOnlySpan<byte> master, string label, byte[] hello, byte[] certificate, byte[] helloDone, byte[] contributions)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(suite.Hash);
        foreach (byte[] message in _base)
        {
            hash.AppendData(message);
        }

        hash.AppendData(hello);
        hash.AppendData(certificate);
        hash.AppendData(helloDone);
        hash.AppendData(_clientKeyExchange);
        hash.AppendData(_clientKeyMaterial);
        hash.AppendData(_serverKeyMaterial);
        if (label is TlmspDialect.LabelMiddleboxServerFinished or TlmspDialect.LabelServerMiddleboxFinished)
        {
            hash.AppendData(contributions);
        }

        hash.AppendData(ClientFinished);
        if (label == TlmspDialect.LabelMiddleboxClientFinished)
        {
            hash.AppendData(ServerFinished);
        }

        byte[] value = new byte[TlmspDialect.VerifyDataLength];
        TlmspPrf.Expand(suite, master, label, hash.GetHashAndReset(), value);
        return value;
    }

    /// <summary>"Lcontrib" of §9.2: what a middlebox may hold, the client's part before the server's, contexts ascending.</summary>
    public static byte[] SharedContributions(SessionPath path, byte middlebox, ContributionTable client, ContributionTable server)
    {
        var writer = new WireWriter();
        for (int slot = 0; slot < path.SlotCount; slot++)
        {
            TlmspAccess access = path.AccessOf(middlebox, path.ContextAt(slot));
            if (slot == 0)
            {
                writer.Bytes(client.Synch);
                writer.Bytes(server.Synch);
            }

            if (access >= TlmspAccess.Read)
            {
                writer.Bytes(client.Reader(slot));
                writer.Bytes(server.Reader(slot));
            }

            if (access >= TlmspAccess.Write)
            {
                writer.Bytes(client.Writer(slot));
                writer.Bytes(server.Writer(slot));
            }
        }

        return writer.ToArray();
    }

    public void Dispose() => _endpoint.Dispose();

    private void Append(byte[] message)
    {
        _endpoint.AppendData(message);
        _all.Add(message);
    }
}
