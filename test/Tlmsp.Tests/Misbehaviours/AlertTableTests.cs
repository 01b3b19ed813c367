using static Tlmsp.Misbehaviour;

namespace Tlmsp.Tests.Misbehaviours;

/// <summary>
/// The number on the wire for everything that can go wrong, written down a second time: handshake.md §10.3 and records-keys.md §10.2,
/// RFC 5246 §7.2 for what they do not name.
/// </summary>
public class AlertTableTests
{
    private static readonly Dictionary<byte, Misbehaviour[]> s_table = new()
    {
        [0] = [AlertReceived, ClosedWithoutNotify],     // no alert is sent for these
        [10] =
        [
            UnknownRecordType, UnexpectedHandshakeMessage, DataBeforeFinished, TooManyEmptyMessages, Renegotiation, KeyConfirmationOrder,
            EmptyContainerFlood, DataAfterClose, CloseNotifyOutsideControl, WarningFlood,
        ],
        [20] = [BadRecordTag, UnknownRecordAuthor],
        [22] = [ContainerTooLong],
        [40] = [NoCommonCipherSuite, NoCommonGroup, NoCommonSignatureScheme, ClientCertificateMissing],
        [42] = [MalformedCertificate, CertificateNameMismatch],
        [43] = [UnsuitableCertificate],
        [44] = [RevokedCertificate],
        [45] = [ExpiredCertificate],
        [46] = [CertificateRefused],
        [47] =
        [
            FragmentedHandshakeMessage, CoalescedHandshakeMessages, HandshakeMessageTooLong, BadChangeCipherSpec, BadCompression,
            SuiteNotOffered, GroupNotOffered, DuplicateExtension, ForbiddenExtension, LimitExceeded, BadKeyShare, BadSignatureScheme,
            HttpMappingViolation,
        ],
        [48] = [UntrustedCertificate],
        [50] =
        [
            RecordTooShort, WrongSessionId, EmptyRecord, TruncatedMessage, TrailingBytes, MissingTlmspExtension, MissingContextList,
            BadTlmspVersion, BadAddress, AddressMismatch, BadMiddleboxEntry, DuplicateMiddleboxId, BadGrant, BadContextDescription,
            BadDiscovery, MiddleboxListMismatch, NotCanonical, PlainTls, EmptyCertificateList, MalformedContainer, MalformedAlert,
        ],
        [51] = [BadServerKeyExchangeSignature, BadCertificateVerify, BadFinished],
        [70] = [BadRecordVersion, BadHelloVersion],
        [80] =
        [
            GroupMismatch, BadMiddleboxKeyExchangeSignature, WrongMiddleboxId, BadMiddleboxHello, BadKeyMaterialTag, BadKeyMaterial,
            MissingContribution, RepeatedContribution, ExcessContribution, BadMiddleboxFinished, DataInControlContext, AuditFlagMismatch,
            BadMInfo, BadDeleteIndicator, NotPermitted, UnknownAuthor, BadReaderCheckMac, BadCheckMac, BadForwardingMac, BadAuditTrail,
            CounterExhausted,
        ],
        [86] = [FallbackRefused],
        [110] = [UnofferedExtension],
        [170] = [NextHopRefused],
        [171] = [MiddleboxListRefused, NotOnPath],
        [174] = [UnknownContext],
        [175] = [ContextsRefused],
        [177] = [BadFragmentTag],
        [178] = [BadWriterMac],
        [179] = [KeyConfirmationFault],
    };

    [Fact]
    public void Every_misbehaviour_has_its_number()
    {
        (Misbehaviour, byte)[] written = [.. s_table.SelectMany(row => row.Value.Select(one => (one, row.Key))).Order()];
        Assert.Equal([.. Enum.GetValues<Misbehaviour>().Select(one => (one, (byte)one.Alert())).Order()], written);
    }

    [Fact]
    public void Every_number_has_a_name() =>
        Assert.All(Enum.GetValues<Misbehaviour>(), misbehaviour => Assert.True(Enum.IsDefined(misbehaviour.Alert())));

    [Fact]
    public void An_undefined_misbehaviour_has_none() => Assert.Throws<ArgumentOutOfRangeException>(() => ((Misbehaviour)9999).Alert());
}
