namespace Tlmsp.Tests.Messages;

/// <summary>Each way in which a message after the hellos can be malformed (handshake.md §3, §5.1), with the misbehaviour that names it.</summary>
public class MessageSyntaxTests
{
    private const string Synch = "00000000000000000000000000000000";
    private const string Context0 = "00" + Synch + "00 00";

    [Theory]
    [InlineData("Certificate", "0b 000003 000000", Misbehaviour.EmptyCertificateList)]
    [InlineData("Certificate", "0b 000000", Misbehaviour.TruncatedMessage)]
    [InlineData("Certificate", "0b 000005 000003 0000", Misbehaviour.TruncatedMessage)]
    [InlineData("Certificate", "0b 000006 000003 000001", Misbehaviour.TruncatedMessage)]
    [InlineData("Certificate", "0b 000005 000002 0000", Misbehaviour.TruncatedMessage)]
    [InlineData("Certificate", "0b 000008 000004 000001 30 ff", Misbehaviour.TrailingBytes)]
    [InlineData("MiddleboxCertificate", "2a 000004 6b 000000", Misbehaviour.EmptyCertificateList)]
    [InlineData("ServerKeyExchange", "0c 000009 01 001d 01 09 0403 0000", Misbehaviour.BadKeyShare)]
    [InlineData("ServerKeyExchange", "0c 000009 02 001d 01 09 0403 0000", Misbehaviour.BadKeyShare)]
    [InlineData("ServerKeyExchange", "0c 00000a 03 001d 01 09 0403 0000 00", Misbehaviour.TrailingBytes)]
    [InlineData("ServerKeyExchange", "0c 000008 03 001d 01 09 0403 00", Misbehaviour.TruncatedMessage)]
    [InlineData("MiddleboxKeyExchange", "2d 00000a 6b 03 001d 01 09 0403 0000", Misbehaviour.TruncatedMessage)]
    [InlineData("MiddleboxKeyExchange", "2d 000013 6b 03 001d 01 09 0403 0000 01 001d 01 09 0403 0000", Misbehaviour.BadKeyShare)]
    [InlineData("MiddleboxKeyExchange", "2d 000014 6b 03 001d 01 09 0403 0000 03 001d 01 09 0403 0000 00", Misbehaviour.TrailingBytes)]
    [InlineData("ClientKeyExchange", "10 000000", Misbehaviour.TruncatedMessage)]
    [InlineData("ClientKeyExchange", "10 000002 02 00", Misbehaviour.TruncatedMessage)]
    [InlineData("ClientKeyExchange", "10 000003 01 00 00", Misbehaviour.TrailingBytes)]
    [InlineData("ServerHelloDone", "0e 000001 00", Misbehaviour.TrailingBytes)]
    [InlineData("MiddleboxHelloDone", "2e 000000", Misbehaviour.TruncatedMessage)]
    [InlineData("MiddleboxHelloDone", "2e 000002 6b 00", Misbehaviour.TrailingBytes)]
    [InlineData("MiddleboxFinished", "33 00000c 6b 0000000000000000000000", Misbehaviour.BadMiddleboxFinished)]
    [InlineData("MiddleboxFinished", "33 00000e 6b 00000000000000000000000000", Misbehaviour.BadMiddleboxFinished)]
    [InlineData("MiddleboxKeyMaterial",
        "30 00001c 6b 01 0000000000000000000000 000000000000000000000000000000", Misbehaviour.BadKeyMaterial)]
    [InlineData("MiddleboxKeyMaterial",
        "30 00001d 6b 01 0000000000000000000000 00000000000000000000000000000000", Misbehaviour.BadKeyMaterialTag)]
    public void Messages(string name, string hex, Misbehaviour expected)
    {
        byte[] message = ReferenceTrace.Hex(hex);
        Refused(expected, () => MessageReaders.Read(name, message));
    }

    [Theory]
    [InlineData("01 aa 0000 00", Misbehaviour.BadMiddleboxHello)]
    [InlineData("00 0002 c02b 00", Misbehaviour.BadMiddleboxHello)]
    [InlineData("00 0000 01 00", Misbehaviour.BadMiddleboxHello)]
    [InlineData("00 0000 00 00", Misbehaviour.BadMiddleboxHello)]
    [InlineData("00 0000", Misbehaviour.BadMiddleboxHello)]
    public void MiddleboxHello_ends_in_empty_vectors_and_nothing_else(string end, Misbehaviour expected)
    {
        byte[] message = [.. ReferenceTrace.MiddleboxHello[..^4], .. ReferenceTrace.Hex(end)];
        byte[] framed = MessageReaders.Prefix(message, message.Length - HandshakeMessage.HeaderLength);
        Refused(expected, () => MessageReaders.Read("MiddleboxHello", framed));
    }

    [Fact]
    public void The_version_in_MiddleboxHello_is_ignored()
    {
        byte[] message = [.. ReferenceTrace.MiddleboxHello];
        message[5] = 0xff;
        MessageReaders.Read("MiddleboxHello", message);
    }

    [Theory]
    [InlineData("a context that does not exist", Context0 + "03 00 00", Misbehaviour.BadKeyMaterial)]
    [InlineData("a context twice", Context0 + "01 00 00 01 00 00", Misbehaviour.RepeatedContribution)]
    [InlineData("context 0 twice", Context0 + Context0, Misbehaviour.RepeatedContribution)]
    [InlineData("a reader part of 1 byte", Context0 + "01 01 aa 00", Misbehaviour.BadKeyMaterial)]
    [InlineData("a writer part of 15 bytes", Context0 + "01 00 0f 000000000000000000000000000000", Misbehaviour.BadKeyMaterial)]
    [InlineData("a writer part of 32 bytes", Context0 + "01 00 20" + Synch + Synch, Misbehaviour.BadKeyMaterial)]
    [InlineData("a part beyond the end", Context0 + "01 10 aa", Misbehaviour.BadKeyMaterial)]
    [InlineData("no writer part", Context0 + "01 00", Misbehaviour.BadKeyMaterial)]
    [InlineData("an id alone", Context0 + "01", Misbehaviour.BadKeyMaterial)]
    [InlineData("half a synch", "00 0000000000000000", Misbehaviour.BadKeyMaterial)]
    public void Contributions(string fault, string hex, Misbehaviour expected) =>
        Refused(expected, () => KeyMaterial.Parse(ReferenceTrace.Hex(hex), MessageReaders.Path, fault));

    [Fact]
    public void Contributions_that_are_left_out_are_absent()
    {
        using ContributionTable table = KeyMaterial.Parse(
            ReferenceTrace.Hex(Context0 + "02 10" + Synch + "00"), MessageReaders.Path, "test");
        Assert.Equal([true, false, true], Enumerable.Range(0, 3).Select(table.HasEntry));
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(table.HasReader));
        Assert.Equal([false, false, false], Enumerable.Range(0, 3).Select(table.HasWriter));
    }

    /// <summary>The author is the first byte of the nonce: a message of one entity must not pass for another's.</summary>
    [Fact]
    public void Key_material_of_another_author_is_refused()
    {
        using var key = new SecretKey(ReferenceTrace.ClientMiddleboxKeys.AsSpan(48, 16));
        HandshakeMessage message = HandshakeMessage.FromRecord(ReferenceTrace.ClientToMiddlebox);
        Refused(Misbehaviour.BadKeyMaterialTag, () => KeyMaterial.Open(message, TlmspDialect.Server, MessageReaders.Path, key));
    }

    [Fact]
    public void Certificates_are_limited_in_number_and_size()
    {
        ReadOnlyMemory<byte>[] chain = [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[] { 0x30 }, 17)];
        var limits = new TlmspLimits { MaxCertificateBytes = 3 + 16 * 4 };
        CertificateMessage.Read(HandshakeMessage.FromRecord(CertificateMessage.Write(chain[1..])), limits);
        HandshakeMessage tooLarge = HandshakeMessage.FromRecord(CertificateMessage.Write(chain));
        Refused(Misbehaviour.LimitExceeded, () => CertificateMessage.Read(tooLarge, limits));
        Refused(Misbehaviour.LimitExceeded, () => CertificateMessage.Read(tooLarge, new TlmspLimits()));
    }

    [Theory]
    [InlineData("", Misbehaviour.FragmentedHandshakeMessage)]
    [InlineData("0e0000", Misbehaviour.FragmentedHandshakeMessage)]
    [InlineData("0e000001", Misbehaviour.FragmentedHandshakeMessage)]
    [InlineData("0effffff00", Misbehaviour.FragmentedHandshakeMessage)]
    [InlineData("0e00000000", Misbehaviour.CoalescedHandshakeMessages)]
    [InlineData("0e0000000e000000", Misbehaviour.CoalescedHandshakeMessages)]
    public void A_record_holds_one_message(string hex, Misbehaviour expected) =>
        Refused(expected, () => HandshakeMessage.FromRecord(ReferenceTrace.Hex(hex)));

    private static void Refused(Misbehaviour expected, Action read) =>
        Assert.Equal(expected, Assert.Throws<TlmspException>(read).Misbehaviour);
}
