using System.Text;

namespace Tlmsp.Tests.Messages;

/// <summary>Each way in which a hello can be malformed (handshake.md §2.7), with the misbehaviour that names it and its alert.</summary>
public class HelloSyntaxTests
{
    private const string Version = "0100";
    private const string Client = "00 0001 63";
    private const string Server = "00 0001 73";
    private const string Entry = "6b 00 0001 6d 00 00 0000 00";

    public static TheoryData<string, string, Misbehaviour> BadTlmsp => new()
    {
        { "version 1.1", "0101" + Client + Server + "00 0000", Misbehaviour.BadTlmspVersion },
        { "version 0.0", "0000" + Client + Server + "00 0000", Misbehaviour.BadTlmspVersion },
        { "version 2.0", "0200" + Client + Server + "00 0000", Misbehaviour.BadTlmspVersion },
        { "address type 5", Version + "05 0001 63" + Server + "00 0000", Misbehaviour.BadAddress },
        { "NUL in the client address", Version + "00 0002 6300" + Server + "00 0000", Misbehaviour.BadAddress },
        { "NUL in the server address", Version + Client + "00 0002 0073" + "00 0000", Misbehaviour.BadAddress },
        { "NUL in a middlebox address", Hello("6b 00 0001 00 00 00 0000 00"), Misbehaviour.BadAddress },
        { "an address of 2049 bytes", Version + Client + "00 0801" + Repeat("73", 2049) + "00 0000", Misbehaviour.BadAddress },
        { "ack 2", Version + Client + Server + "02 0000", Misbehaviour.BadDiscovery },
        { "discovery hash of 65 bytes", Version + Client + Server + "01 0000 00000001 41" + Repeat("aa", 65) + "0000", Misbehaviour.BadDiscovery },
        { "ack without the rest", Version + Client + Server + "01 0000", Misbehaviour.TruncatedMessage },
        { "the rest without ack", Version + Client + Server + "00 0000 00000001 00 0000", Misbehaviour.TrailingBytes },
        { "a byte too many", Version + Client + Server + "00 0000 00", Misbehaviour.TrailingBytes },
        { "a byte too many after discovery", Version + Client + Server + "01 0000 00000001 00 0000 00", Misbehaviour.TrailingBytes },
        { "a list that ends in an entry", Hello(Entry[..^3]), Misbehaviour.TruncatedMessage },
        { "a grant beyond the list", Hello("6b 00 0001 6d 00 00 0000 01"), Misbehaviour.TruncatedMessage },
        { "id 00", Hello("00 00 0001 6d 00 00 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "the client's id", Hello("01 00 0001 6d 00 00 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "the server's id", Hello("fe 00 0001 6d 00 00 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "id ff", Hello("ff 00 0001 6d 00 00 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "inserted 2 (forbidden)", Hello("6b 00 0001 6d 02 00 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "inserted ff", Hello("6b 00 0001 6d ff 00 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "transparent 2", Hello("6b 00 0001 6d 00 02 0000 00"), Misbehaviour.BadMiddleboxEntry },
        { "a ticket", Hello("6b 00 0001 6d 00 00 0001 aa 00"), Misbehaviour.BadMiddleboxEntry },
        { "an id twice", Hello(Entry + Entry), Misbehaviour.DuplicateMiddleboxId },
        { "auth 2", Hello("6b 00 0001 6d 00 00 0000 01 0102"), Misbehaviour.BadGrant },
        { "contradictory grants", Hello("6b 00 0001 6d 00 00 0000 02 0100 0101"), Misbehaviour.BadGrant },
        { "a grant twice", Hello("6b 00 0001 6d 00 00 0000 02 0100 0100"), Misbehaviour.NotCanonical },
        { "grants in descending order", Hello("6b 00 0001 6d 00 00 0000 02 0200 0100"), Misbehaviour.NotCanonical },
        { "a grant for context 0", Hello("6b 00 0001 6d 00 00 0000 01 0001"), Misbehaviour.NotCanonical },
        { "a bad entry in the discovered list",
            Version + Client + Server + "01 0000 00000001 00 000a ff00 0001 6d 00 00 0000 00", Misbehaviour.BadMiddleboxEntry },
    };

    [Theory]
    [MemberData(nameof(BadTlmsp))]
    public void Tlmsp_extension_of_a_client(string fault, string hex, Misbehaviour expected) =>
        Refused(expected, () => TlmspClientExtension.Read(ReferenceTrace.Hex(hex)), fault);

    [Theory]
    [InlineData("version 1.1", "0101 00000001 00 0000 00 0000 0000", Misbehaviour.BadTlmspVersion)]
    [InlineData("NUL in an address", "0100 00000001 00 0001 00 00 0000 0000", Misbehaviour.BadAddress)]
    [InlineData("an address of type 7", "0100 00000001 00 0000 07 0001 73 0000", Misbehaviour.BadAddress)]
    [InlineData("a bad middlebox id", "0100 00000001 00 0000 00 0000 0009 fe 00 0000 00 00 0000 00", Misbehaviour.BadMiddleboxEntry)]
    [InlineData("inserted 2", "0100 00000001 00 0000 00 0000 0009 6b 00 0000 02 00 0000 00", Misbehaviour.BadMiddleboxEntry)]
    [InlineData("a byte too many", "0100 00000001 00 0000 00 0000 0000 00", Misbehaviour.TrailingBytes)]
    [InlineData("no list", "0100 00000001 00 0000 00 0000", Misbehaviour.TruncatedMessage)]
    public void Tlmsp_extension_of_a_server(string fault, string hex, Misbehaviour expected) =>
        Refused(expected, () => TlmspServerExtension.Read(ReferenceTrace.Hex(hex)), fault);

    [Theory]
    [InlineData("context 0", "0004 00 00 00 00", Misbehaviour.BadContextDescription)]
    [InlineData("a context twice", "0008 01 00 00 00 01 00 00 00", Misbehaviour.BadContextDescription)]
    [InlineData("a context twice, others between", "000c 01 00 00 00 02 00 00 00 01 00 00 00", Misbehaviour.BadContextDescription)]
    [InlineData("audit 2", "0004 01 02 00 00", Misbehaviour.BadContextDescription)]
    [InlineData("origin_verification 1", "0004 01 00 01 00", Misbehaviour.BadContextDescription)]
    [InlineData("descending order", "0008 02 00 00 00 01 00 00 00", Misbehaviour.NotCanonical)]
    [InlineData("a byte too many", "0004 01 00 00 00 00", Misbehaviour.TrailingBytes)]
    [InlineData("a list that ends in an entry", "0003 01 00 00", Misbehaviour.TruncatedMessage)]
    [InlineData("a purpose beyond the list", "0004 01 00 00 01", Misbehaviour.TruncatedMessage)]
    [InlineData("a list beyond the extension", "0008 01 00 00 00", Misbehaviour.TruncatedMessage)]
    [InlineData("nothing", "", Misbehaviour.TruncatedMessage)]
    public void Context_list(string fault, string hex, Misbehaviour expected) =>
        Refused(expected, () => ContextListExtension.Read(ReferenceTrace.Hex(hex)), fault);

    /// <summary>What is odd but legal.</summary>
    [Theory]
    [InlineData("two entries with one address", "02 00 0001 6d 00 00 0000 00 03 00 0001 6d 00 00 0000 00")]
    [InlineData("the last and the first id, in path order", "fd 00 0001 6d 00 00 0000 00 02 00 0001 6e 00 00 0000 00")]
    [InlineData("an empty address", "02 00 0000 00 00 0000 00")]
    [InlineData("flags that only others than the client set", "02 00 0001 6d 01 01 0000 00")]
    [InlineData("all types of addresses",
        "02 01 0001 6d 00 00 0000 00 03 02 0001 6d 00 00 0000 00 04 03 0001 6d 00 00 0000 00 05 04 0001 6d 00 00 0000 00")]
    public void Accepted_lists(string what, string entries)
    {
        byte[] bytes = ReferenceTrace.Hex(Hello(entries));
        Assert.True(bytes.AsSpan().SequenceEqual(TlmspClientExtension.Read(bytes).ToBytes()), what);
    }

    [Fact]
    public void An_address_of_2048_bytes_is_accepted()
    {
        byte[] bytes = ReferenceTrace.Hex(Version + Client + "00 0800" + Repeat("73", 2048) + "00 0000");
        Assert.Equal(bytes, TlmspClientExtension.Read(bytes).ToBytes());
    }

    [Fact]
    public void A_purpose_may_hold_any_bytes()
    {
        byte[] bytes = [1, 3, 1, 0, 0, 255, .. Enumerable.Range(1, 255).Select(value => (byte)value)];
        Assert.Equal(bytes, ContextListExtension.ToBytes(ContextListExtension.Read(bytes)));
    }

    public static TheoryData<string, Action<HelloParts>, Misbehaviour> BadClientHellos => new()
    {
        { "version 0302", hello => hello.Version = 0x0302, Misbehaviour.BadHelloVersion },
        { "no null compression", hello => hello.Compression = [1], Misbehaviour.BadCompression },
        { "no compression", hello => hello.Compression = [], Misbehaviour.BadCompression },
        { "a session id of 33 bytes", hello => hello.SessionId = new byte[33], Misbehaviour.TruncatedMessage },
        { "half a cipher suite", hello => hello.Suites = [0xc0, 0x2b, 0xc0], Misbehaviour.TruncatedMessage },
        { "no tlmsp extension", hello => hello.Remove(0xff06), Misbehaviour.PlainTls },
        { "no context list", hello => hello.Remove(0xff07), Misbehaviour.MissingContextList },
        { "ALPN", hello => hello.Extensions.Add((16, [])), Misbehaviour.ForbiddenExtension },
        { "NPN", hello => hello.Extensions.Add((13172, [])), Misbehaviour.ForbiddenExtension },
        { "extended_master_secret", hello => hello.Extensions.Add((23, [])), Misbehaviour.ForbiddenExtension },
        { "an extension twice", hello => hello.Extensions.Add((0xff06, hello.Extensions[^2].Data)), Misbehaviour.DuplicateExtension },
        { "an unknown extension twice", hello => hello.Extensions.AddRange([(0x4a4a, []), (0x4a4a, [])]), Misbehaviour.DuplicateExtension },
        { "no groups in supported_groups", hello => hello.Replace(10, [0, 0]), Misbehaviour.TruncatedMessage },
        { "half a group", hello => hello.Replace(10, [0, 1, 0]), Misbehaviour.TruncatedMessage },
        { "no schemes in signature_algorithms", hello => hello.Replace(13, [0, 0]), Misbehaviour.TruncatedMessage },
        { "a byte after supported_groups", hello => hello.Replace(10, [0, 2, 0, 0x17, 0]), Misbehaviour.TrailingBytes },
        { "a server_name list beyond its extension", hello => hello.Extensions.Add((0, [0, 9, 0])), Misbehaviour.TruncatedMessage },
        { "renegotiation", hello => hello.Extensions.Add((0xff01, [1, 0])), Misbehaviour.Renegotiation },
        { "a grant for an unknown context", hello => hello.Replace(0xff07, ReferenceTrace.Hex("0004 01 00 00 00")), Misbehaviour.BadGrant },
        { "no contexts", hello => hello.Replace(0xff07, [0, 0]), Misbehaviour.LimitExceeded },
        { "bytes after the extensions", hello => hello.Trailer = [0], Misbehaviour.TrailingBytes },
    };

    [Theory]
    [MemberData(nameof(BadClientHellos))]
    public void ClientHello_faults(string fault, Action<HelloParts> change, Misbehaviour expected)
    {
        var parts = new HelloParts(ClientHello.Read(HandshakeMessage.FromRecord(ReferenceTrace.ClientHello).Body));
        Assert.Equal(ReferenceTrace.ClientHello, parts.ToMessage());
        change(parts);
        Refused(expected, () => MessageReaders.Read("ClientHello", parts.ToMessage()), fault);
    }

    /// <summary>A stale session id, no extensions of the usual kind, the TLMSP ones swapped: all legal.</summary>
    [Fact]
    public void ClientHello_oddities()
    {
        var parts = new HelloParts(ClientHello.Read(HandshakeMessage.FromRecord(ReferenceTrace.ClientHello).Body))
        {
            SessionId = new byte[32], Version = 0x0304, Compression = [1, 0],
        };
        parts.Extensions.RemoveRange(0, 5);
        parts.Extensions.Reverse();
        parts.Extensions.Add((0xff01, [0]));
        ClientHello hello = ClientHello.Read(HandshakeMessage.FromRecord(parts.ToMessage()).Body);
        hello.ThrowUnlessTlmsp(new TlmspLimits());
        Assert.Equal(32, hello.SessionId.Length);
        Assert.Null(hello.SupportedGroups);
        Assert.Null(hello.SignatureSchemes);
    }

    [Fact]
    public void A_hello_of_plain_TLS_is_read()
    {
        var parts = new HelloParts(ClientHello.Read(HandshakeMessage.FromRecord(ReferenceTrace.ClientHello).Body));
        parts.Remove(0xff06);
        parts.Remove(0xff07);
        parts.Extensions.AddRange(
            [(16, ReferenceTrace.Hex("000302 6832")), (0, ReferenceTrace.Hex("0006 00 0003 612e62")), (43, [2, 3, 4])]);
        ClientHello hello = ClientHello.Read(HandshakeMessage.FromRecord(parts.ToMessage()).Body);
        Assert.Null(hello.Tlmsp);
        Assert.Null(hello.Contexts);
        Assert.Equal("a.b", hello.ServerName);

        parts.OmitExtensions = true;
        Assert.Empty(ClientHello.Read(HandshakeMessage.FromRecord(parts.ToMessage()).Body).Extensions.Types);
    }

    [Theory]
    [InlineData("0006 00 0003 612e62", "a.b")]
    [InlineData("", null)]                                  // the form of a ServerHello
    [InlineData("0005 01 0002 6869", null)]                 // a name of another type
    [InlineData("0006 00 0003 610062", null)]               // NUL
    [InlineData("0006 00 0003 61c3a4", null)]               // not ASCII
    public void Server_names(string hex, string? expected)
    {
        var extensions = new HelloExtensions();
        extensions.Add(0, ReferenceTrace.Hex(hex));
        Assert.Equal(expected, extensions.FindServerName());
    }

    public static TheoryData<string, Action<HelloParts>, Misbehaviour> BadServerHellos => new()
    {
        { "version 0302", hello => hello.Version = 0x0302, Misbehaviour.BadHelloVersion },
        { "version 0304", hello => hello.Version = 0x0304, Misbehaviour.BadHelloVersion },
        { "a compression method", hello => hello.Compression = [1], Misbehaviour.BadCompression },
        { "a session id of 33 bytes", hello => hello.SessionId = new byte[33], Misbehaviour.TruncatedMessage },
        { "a context list", hello => hello.Extensions.Add((0xff07, [0, 0])), Misbehaviour.ForbiddenExtension },
        { "an extension twice", hello => hello.Extensions.Add((0xff01, [0])), Misbehaviour.DuplicateExtension },
        { "renegotiation", hello => hello.Replace(0xff01, [1, 0]), Misbehaviour.Renegotiation },
        { "bytes after the extensions", hello => hello.Trailer = [0], Misbehaviour.TrailingBytes },
    };

    [Theory]
    [MemberData(nameof(BadServerHellos))]
    public void ServerHello_faults(string fault, Action<HelloParts> change, Misbehaviour expected)
    {
        var parts = new HelloParts(ServerHello.Read(HandshakeMessage.FromRecord(ReferenceTrace.ServerHello).Body));
        Assert.Equal(ReferenceTrace.ServerHello, parts.ToMessage());
        change(parts);
        Refused(expected, () => MessageReaders.Read("ServerHello", parts.ToMessage()), fault);
    }

    /// <summary>The alerts of handshake.md §10.3 for faults of syntax.</summary>
    [Theory]
    [InlineData(TlmspAlert.DecodeError,
        Misbehaviour.BadTlmspVersion, Misbehaviour.BadAddress, Misbehaviour.BadDiscovery, Misbehaviour.TruncatedMessage,
        Misbehaviour.TrailingBytes, Misbehaviour.BadMiddleboxEntry, Misbehaviour.DuplicateMiddleboxId, Misbehaviour.BadGrant,
        Misbehaviour.NotCanonical, Misbehaviour.BadContextDescription, Misbehaviour.PlainTls, Misbehaviour.MissingTlmspExtension,
        Misbehaviour.MissingContextList, Misbehaviour.EmptyCertificateList)]
    [InlineData(TlmspAlert.IllegalParameter,
        Misbehaviour.DuplicateExtension, Misbehaviour.ForbiddenExtension, Misbehaviour.BadCompression, Misbehaviour.BadKeyShare)]
    [InlineData(TlmspAlert.InternalError,
        Misbehaviour.BadMiddleboxHello, Misbehaviour.BadKeyMaterial, Misbehaviour.RepeatedContribution, Misbehaviour.BadMiddleboxFinished)]
    [InlineData(TlmspAlert.ProtocolVersion, Misbehaviour.BadHelloVersion)]
    [InlineData(TlmspAlert.UnsupportedExtension, Misbehaviour.UnofferedExtension)]
    public void Alerts(TlmspAlert expected, params Misbehaviour[] misbehaviours) =>
        Assert.All(misbehaviours, misbehaviour => Assert.Equal(expected, misbehaviour.Alert()));

    private static void Refused(Misbehaviour expected, Action read, string fault)
    {
        TlmspException exception = Assert.Throws<TlmspException>(read);
        Assert.True(expected == exception.Misbehaviour, $"{fault}: {exception.Message}");
        Assert.Equal(expected.Alert(), exception.Alert);
    }

    private static string Hello(string entries)
    {
        int length = ReferenceTrace.Hex(entries).Length;
        return $"{Version}{Client}{Server}00 {length:x4} {entries}";
    }

    private static string Repeat(string hex, int count) => new StringBuilder().Insert(0, hex, count).ToString();
}
