namespace Tlmsp;

/// <summary>The alert of every <see cref="Misbehaviour"/>: one table, as in handshake.md §10.3 and records-keys.md §10.2.</summary>
/// <remarks>Where the reference knows only internal_error for a container, and TLMSP has a code of its own, that code is sent.</remarks>
public static class Misbehaviours
{
    /// <summary>The alert that tells the peer of a misbehaviour.</summary>
    /// <param name="misbehaviour">A defined value.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public static TlmspAlert Alert(this Misbehaviour misbehaviour) => misbehaviour switch
    {
        Misbehaviour.AlertReceived or Misbehaviour.ClosedWithoutNotify => TlmspAlert.CloseNotify,

        Misbehaviour.UnknownRecordType or Misbehaviour.UnexpectedHandshakeMessage
            or Misbehaviour.DataBeforeFinished or Misbehaviour.CloseNotifyOutsideControl or Misbehaviour.WarningFlood
            or Misbehaviour.TooManyEmptyMessages or Misbehaviour.KeyConfirmationOrder or Misbehaviour.DataAfterClose
            or Misbehaviour.EmptyContainerFlood or Misbehaviour.Renegotiation
            => TlmspAlert.UnexpectedMessage,

        Misbehaviour.BadRecordTag or Misbehaviour.UnknownRecordAuthor => TlmspAlert.BadRecordMac,

        Misbehaviour.BadRecordVersion or Misbehaviour.BadHelloVersion => TlmspAlert.ProtocolVersion,

        Misbehaviour.RecordTooShort or Misbehaviour.WrongSessionId or Misbehaviour.EmptyRecord or Misbehaviour.TruncatedMessage
            or Misbehaviour.TrailingBytes or Misbehaviour.MissingTlmspExtension or Misbehaviour.MissingContextList
            or Misbehaviour.BadTlmspVersion or Misbehaviour.BadAddress or Misbehaviour.AddressMismatch
            or Misbehaviour.BadMiddleboxEntry or Misbehaviour.DuplicateMiddleboxId or Misbehaviour.BadGrant
            or Misbehaviour.BadContextDescription or Misbehaviour.BadDiscovery or Misbehaviour.MiddleboxListMismatch
            or Misbehaviour.EmptyCertificateList or Misbehaviour.NotCanonical or Misbehaviour.PlainTls
            or Misbehaviour.MalformedAlert or Misbehaviour.MalformedContainer => TlmspAlert.DecodeError,

        Misbehaviour.FragmentedHandshakeMessage or Misbehaviour.CoalescedHandshakeMessages or Misbehaviour.HandshakeMessageTooLong
            or Misbehaviour.BadChangeCipherSpec or Misbehaviour.BadCompression or Misbehaviour.SuiteNotOffered
            or Misbehaviour.GroupNotOffered or Misbehaviour.DuplicateExtension or Misbehaviour.ForbiddenExtension
            or Misbehaviour.BadKeyShare or Misbehaviour.BadSignatureScheme or Misbehaviour.LimitExceeded
            or Misbehaviour.HttpMappingViolation => TlmspAlert.IllegalParameter,

        Misbehaviour.UnofferedExtension => TlmspAlert.UnsupportedExtension,

        Misbehaviour.NoCommonCipherSuite or Misbehaviour.NoCommonGroup or Misbehaviour.NoCommonSignatureScheme
            or Misbehaviour.ClientCertificateMissing => TlmspAlert.HandshakeFailure,

        Misbehaviour.FallbackRefused => TlmspAlert.InappropriateFallback,
        Misbehaviour.MiddleboxListRefused or Misbehaviour.NotOnPath => TlmspAlert.MiddleboxAuthorizationFailure,
        Misbehaviour.NextHopRefused => TlmspAlert.MiddleboxRouteFailure,
        Misbehaviour.ContextsRefused => TlmspAlert.UnsupportedContext,
        Misbehaviour.UnknownContext => TlmspAlert.UnknownContext,

        Misbehaviour.MalformedCertificate or Misbehaviour.CertificateNameMismatch => TlmspAlert.BadCertificate,
        Misbehaviour.UntrustedCertificate => TlmspAlert.UnknownCa,
        Misbehaviour.ExpiredCertificate => TlmspAlert.CertificateExpired,
        Misbehaviour.RevokedCertificate => TlmspAlert.CertificateRevoked,
        Misbehaviour.UnsuitableCertificate => TlmspAlert.UnsupportedCertificate,
        Misbehaviour.CertificateRefused => TlmspAlert.CertificateUnknown,

        Misbehaviour.BadServerKeyExchangeSignature or Misbehaviour.BadCertificateVerify or Misbehaviour.BadFinished
            => TlmspAlert.DecryptError,
        Misbehaviour.KeyConfirmationFault => TlmspAlert.MiddleboxKeyConfirmationFault,

        Misbehaviour.BadWriterMac => TlmspAlert.BadWriterMac,
        Misbehaviour.BadFragmentTag => TlmspAlert.BadReaderMac,
        Misbehaviour.ContainerTooLong => TlmspAlert.RecordOverflow,

        Misbehaviour.GroupMismatch or Misbehaviour.BadMiddleboxKeyExchangeSignature or Misbehaviour.WrongMiddleboxId
            or Misbehaviour.BadMiddleboxHello
            or Misbehaviour.BadKeyMaterialTag or Misbehaviour.BadKeyMaterial or Misbehaviour.MissingContribution
            or Misbehaviour.RepeatedContribution or Misbehaviour.ExcessContribution or Misbehaviour.BadMiddleboxFinished
            or Misbehaviour.DataInControlContext or Misbehaviour.AuditFlagMismatch or Misbehaviour.BadMInfo
            or Misbehaviour.BadDeleteIndicator or Misbehaviour.NotPermitted or Misbehaviour.UnknownAuthor
            or Misbehaviour.BadReaderCheckMac or Misbehaviour.BadCheckMac or Misbehaviour.BadForwardingMac
            or Misbehaviour.BadAuditTrail or Misbehaviour.CounterExhausted => TlmspAlert.InternalError,

        _ => throw new ArgumentOutOfRangeException(nameof(misbehaviour), misbehaviour, "Not a defined misbehaviour."),
    };
}
