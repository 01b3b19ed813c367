using System.Diagnostics;

namespace Tlmsp.Tests.Messages;

/// <summary>Whatever a peer sends, reading it ends: in a message or in a <see cref="TlmspException"/>, never in anything else.</summary>
public class HostileMessagesTests
{
    public static TheoryData<string> Names => [.. MessageReaders.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_valid_message_is_read(string name) => MessageReaders.Read(name, MessageReaders.Valid(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_start_of_a_message_is_refused(string name)
    {
        byte[] valid = MessageReaders.Valid(name);
        for (int length = 0; length < valid.Length; length++)
        {
            Assert.Throws<TlmspException>(() => MessageReaders.Read(name, valid[..length]));
        }

        for (int length = 0; length < valid.Length - HandshakeMessage.HeaderLength; length++)
        {
            // A list of contributions may end after any of them; whether all are there is for the states to check.
            if (name == "contributions" && length is 0 or 51 or 86)
            {
                continue;
            }

            Assert.Throws<TlmspException>(() => MessageReaders.Read(name, MessageReaders.Prefix(valid, length)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_byte_too_many_is_refused(string name)
    {
        byte[] valid = [.. MessageReaders.Valid(name), 0];
        Assert.Throws<TlmspException>(() => MessageReaders.Read(name, valid));
        Assert.Throws<TlmspException>(
            () => MessageReaders.Read(name, MessageReaders.Prefix(valid, valid.Length - HandshakeMessage.HeaderLength)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_changed_byte_is_read_or_refused(string name)
    {
        byte[] valid = MessageReaders.Valid(name);
        for (int i = 0; i < valid.Length; i++)
        {
            foreach (byte mask in (byte[])[0x01, 0x02, 0x80, 0xff, 0x7f, 0x10, 0x08, (byte)(valid[i] == 0 ? 0x40 : valid[i])])
            {
                byte[] changed = [.. valid];
                changed[i] ^= mask;
                ReadOrRefuse(name, changed);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Random_bodies_are_read_or_refused(string name)
    {
        var random = new Random(20);
        for (int round = 0; round < 2000; round++)
        {
            // Small values make lengths that fit now and then, and so reach the fields behind them.
            byte[] message = new byte[HandshakeMessage.HeaderLength + random.Next(300)];
            for (int i = HandshakeMessage.HeaderLength; i < message.Length; i++)
            {
                message[i] = (byte)(random.Next(4) == 0 ? random.Next(256) : random.Next(8));
            }

            ReadOrRefuse(name, MessageReaders.Prefix(message, message.Length - HandshakeMessage.HeaderLength));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Spliced_messages_are_read_or_refused(string name)
    {
        byte[] valid = MessageReaders.Valid(name);
        var random = new Random(21);
        for (int round = 0; round < 2000; round++)
        {
            int from = random.Next(HandshakeMessage.HeaderLength, valid.Length + 1);
            int to = random.Next(HandshakeMessage.HeaderLength, valid.Length + 1);
            byte[] spliced = [.. valid[..from], .. valid[to..]];
            ReadOrRefuse(name, MessageReaders.Prefix(spliced, spliced.Length - HandshakeMessage.HeaderLength));
        }
    }

    /// <summary>16 000 empty extensions: comparing each with all before it would take seconds of a core per record.</summary>
    [Fact]
    public void As_many_extensions_as_fit_cost_little()
    {
        var extensions = new HelloExtensions();
        for (int type = 0x1000; type < 0x1000 + 16_000; type++)
        {
            extensions.Add((ushort)type, []);
        }

        var writer = new WireWriter();
        extensions.Write(writer);
        byte[] bytes = writer.ToArray();
        Read(bytes);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Read(bytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 30 * bytes.Length);

        // The best of some runs, since other work on the machine can only make one slower.
        double best = Enumerable.Range(0, 5).Min(_ =>
        {
            long start = Stopwatch.GetTimestamp();
            Read(bytes);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        });
        Assert.InRange(best, 0, 100);

        static void Read(byte[] bytes)
        {
            var reader = new WireReader(bytes, "test");
            Assert.Equal(16_000, HelloExtensions.Read(ref reader).Types.Count());
        }
    }

    /// <summary>After a discovery there are two lists; the one that is no longer in force must not escape the limit.</summary>
    [Fact]
    public void The_limit_counts_both_lists_of_a_hello()
    {
        Grant all = Grant.Read([.. Enumerable.Range(1, 255).Select(id => (byte)id)]);
        MiddleboxEntry[] entries = [.. Enumerable.Range(2, 60).Select(id => new MiddleboxEntry((byte)id, default, all))];
        byte[] message = ClientHello.Write(
            new byte[32], [0xc02b], null, [0x17], [0x403],
            new TlmspClientExtension(default, default, entries) { Discovery = (1, [], entries[..1]) },
            Enumerable.Range(1, 255).Select(id => new TlmspContext((byte)id)));
        var limits = new TlmspLimits { MaxMiddleboxes = 1 };
        ClientHello hello = ClientHello.Read(HandshakeMessage.FromRecord(message).Body);
        Assert.Equal(Misbehaviour.LimitExceeded, Assert.Throws<TlmspException>(() => hello.ThrowUnlessTlmsp(limits)).Misbehaviour);
    }

    [Fact]
    public void A_length_that_lies_reserves_no_memory()
    {
        byte[] message = [42, 0, 0, 4, 0x6b, 0xff, 0xff, 0xff];
        Assert.Throws<TlmspException>(() => MessageReaders.Read("MiddleboxCertificate", message));
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<TlmspException>(() => MessageReaders.Read("MiddleboxCertificate", message));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 64 * 1024);
    }

    private static void ReadOrRefuse(string name, byte[] message)
    {
        try
        {
            MessageReaders.Read(name, message);
        }
        catch (TlmspException)
        {
        }
    }
}
