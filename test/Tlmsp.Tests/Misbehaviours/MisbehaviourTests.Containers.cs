using Tlmsp.TestSupport;
using Tlmsp.Tests.Hostile;
using static Tlmsp.Misbehaviour;
using Bytes = Tlmsp.Tests.Hostile.ContainerBytes;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>Containers that somebody on a hop changes (records-keys.md §2 to §4).</summary>
public partial class MisbehaviourTests
{
    private static MisbehaviourCase[] Containers =>
    [
        .. Everywhere(MalformedContainer, "a container cut short", body => body[..^1]),
        .. Everywhere(MalformedContainer, "half a header", _ => [1, 0]),
        .. Everywhere(MalformedContainer, "a fragment longer than the record", body => Bytes.Set(body, Bytes.Length, 1)),
        .. Everywhere(MalformedContainer, "a fragment too short for nonce and tag", body =>
            Bytes.Set(body, Bytes.Length + 1, 27)),
        .. Everywhere(MalformedContainer, "delete indicators beyond the record", _ => [1, 0x40, 0, 9, 255, .. new byte[100]]),
        .. Everywhere(MalformedContainer, "the same in a context that does not exist", _ => [9, 0, 0, 0, 27, .. new byte[100]]),
        .. Everywhere(ContainerTooLong, "a fragment of 16480 bytes", _ => [1, 0, 0, 0x40, 0x60, .. new byte[100]]),
        .. Everywhere(UnknownContext, "a context that does not exist", body => Bytes.Set(body, Bytes.ContextId, 9)),
        .. Everywhere(DataInControlContext, "data in context 0", body => Bytes.Set(body, Bytes.ContextId, 0)),
        .. Everywhere(AuditFlagMismatch, "an audit trail in an unaudited context", body =>
            [body[0], (byte)(body[1] | 0x10), .. body[2..], 0]),
        .. Everywhere(AuditFlagMismatch, "no audit trail in an audited context", body =>
            Bytes.Flip(body, Bytes.Flags, 0x10), audited: true),
        .. Everywhere(BadMInfo, "inserted by nobody on the path", body => Bytes.WithMInfo(body, 0x8000, 0, 0)),
        .. Everywhere(BadMInfo, "inserted by an endpoint", body => Bytes.WithMInfo(body, 0x8000, body[Bytes.Nonce], 0)),
        .. Everywhere(UnknownAuthor, "an author that is not on the path", body => Bytes.Set(body, Bytes.Nonce, 0)),
        .. Everywhere(UnknownAuthor, "the receiving endpoint as author", body =>
            Bytes.Set(body, Bytes.Nonce, (byte)(TlmspDialect.Client + TlmspDialect.Server - body[Bytes.Nonce]))),
        .. Everywhere(BadForwardingMac, "made by nobody on the path", body =>
            Bytes.Set(body, Bytes.ForwardingMac(body), 0)),
        .. Everywhere(BadForwardingMac, "order 1 without a trail", body =>
            Bytes.Set(body, Bytes.ForwardingMac(body) + 1, 1)),
        .. Everywhere(BadReaderCheckMac, "a flipped bit", body => Bytes.Flip(body, Bytes.ReaderCheckMac(body))),
        .. Everywhere(BadReaderCheckMac, "a flipped nonce", body => Bytes.Flip(body, Bytes.ReaderCheckMac(body) + 20)),

        new(MalformedContainer, "server", "bytes behind a good container")
        {
            Then = path =>
            {
                path.ToServer().RewriteData(body => [.. body, 0]);
                path.ClientSends(1, "good"u8);
            },
        },
        new(MalformedContainer, "server", "255 entries in a trail that has one")
        {
            Grants = "1=r",
            Audited = true,
            Then = path => ChangeData(path.ToServer(1), path, body => Bytes.Set(body, Bytes.TrailCount(body), 255)),
        },
        .. Readers(ContainerTooLong, "a plaintext of 16384 bytes", body =>
            [1, 0, 0, 0x40, 0x1c, .. body[Bytes.Nonce..(Bytes.Nonce + 12)], .. new byte[16_500]]),
        .. Readers(BadFragmentTag, "a flipped bit of the ciphertext", body => Bytes.Flip(body, Bytes.Ciphertext)),
        .. Readers(BadFragmentTag, "a flipped bit of the tag", body => Bytes.Flip(body, Bytes.WriterMac(body) - 1)),
        .. Readers(BadFragmentTag, "a flipped bit of the nonce", body => Bytes.Flip(body, Bytes.Nonce + 5)),
        .. Readers(BadFragmentTag, "a flag that means nothing", body => Bytes.Flip(body, Bytes.Flags + 1)),
        .. Readers(BadFragmentTag, "moved to the other context", body => Bytes.Set(body, Bytes.ContextId, 2)),
        .. Readers(BadFragmentTag, "an alert made of data", body => body, record => [21, .. record[1..]]),
        new(BadWriterMac, "server", "a flipped bit")
        {
            Then = path => ChangeData(path.ToServer(), path, body => Bytes.Flip(body, Bytes.WriterMac(body))),
        },
        new(BadWriterMac, "server", "a flipped bit, behind a middlebox that cannot tell")
        {
            Grants = "1=r",
            Then = path => ChangeData(path.ToServer(0), path, body => Bytes.Flip(body, Bytes.WriterMac(body))),
        },
        new(BadWriterMac, "middlebox 0", "a flipped bit, before a middlebox that may write")
        {
            Grants = "1=rw",
            Then = path => ChangeData(path.ToServer(0), path, body => Bytes.Flip(body, Bytes.WriterMac(body))),
        },
        new(BadCheckMac, "server", "a flipped bit")
        {
            Then = path => ChangeData(path.ToServer(), path, body => Bytes.Flip(body, Bytes.CheckMac(body))),
        },
        new(BadCheckMac, "server", "a flipped bit, behind a middlebox, which the reference's replaces")
        {
            Grants = "1=rw",
            Then = path => ChangeData(path.ToServer(0), path, body => Bytes.Flip(body, Bytes.CheckMac(body))),
        },
        new(BadCheckMac, "server", "flags of the forwarding MAC")
        {
            Then = path => ChangeData(path.ToServer(), path, body => Bytes.Flip(body, Bytes.ForwardingMac(body) + 2, 0x80)),
        },
        new(BadCheckMac, "server", "a forwarding MAC that names a middlebox which has the same number")
        {
            Grants = "none",
            Then = path => ChangeData(path.ToServer(1), path, body =>
                Bytes.Set(body, Bytes.ForwardingMac(body), path.MiddleboxHandshakes[0].Self)),
        },
    ];

    /// <summary>The client sends "forged" in context 1, and somebody changes it on its way.</summary>
    private static void ChangeData(InMemoryPipe pipe, InMemoryPath path, Func<byte[], byte[]> change)
    {
        pipe.RewriteData(change);
        path.ClientSends(1, "forged"u8);
    }

    /// <summary>A fault that every receiver must find, even without access to the context.</summary>
    private static MisbehaviourCase[] Everywhere(
        Misbehaviour misbehaviour, string what, Func<byte[], byte[]> change, bool audited = false) =>
    [
        new(misbehaviour, "server", what) { Audited = audited, Then = path => SendData(path, record => record.With(change(record.Body))) },
        new(misbehaviour, "client", what) { Audited = audited, Then = path => ServeData(path, record => record.With(change(record.Body))) },
        new(misbehaviour, "middlebox 0", $"{what}, from the client")
        {
            Audited = audited,
            Grants = "none",
            Then = path => SendData(path, record => record.With(change(record.Body))),
        },
        new(misbehaviour, "middlebox 0", $"{what}, from the server")
        {
            Audited = audited,
            Grants = "none",
            Then = path => ServeData(path, record => record.With(change(record.Body))),
        },
    ];

    /// <summary>A fault that every receiver with read access must find, and the server behind a middlebox without it.</summary>
    private static MisbehaviourCase[] Readers(
        Misbehaviour misbehaviour, string what, Func<byte[], byte[]> change, Func<byte[], byte[]>? changeRecord = null)
    {
        return
        [
            new(misbehaviour, "server", what) { Then = path => SendData(path, Change) },
            new(misbehaviour, "client", what) { Then = path => ServeData(path, Change) },
            new(misbehaviour, "middlebox 0", what) { Grants = "1=r,2=r", Then = path => SendData(path, Change) },
        ];

        byte[] Change(WireRecord record)
        {
            byte[] changed = record.With(change(record.Body));
            return changeRecord is null ? changed : changeRecord(changed);
        }
    }
}
