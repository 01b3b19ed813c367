namespace Tlmsp;

/// <summary>Every way in which a peer can break the protocol, by name. <see cref="Misbehaviours.Alert"/> gives the alert of each.</summary>
public enum Misbehaviour
{
    /// <summary>The peer ended the connection with a fatal alert.</summary>
    AlertReceived,
    /// <summary>The transport ended before close_notify or inside the handshake.</summary>
    ClosedWithoutNotify,

    // ---- records (records-keys.md §1)
    /// <summary>A record type other than 20 to 23.</summary>
    UnknownRecordType,
    /// <summary>A record version other than 0x0303 (major 3 before the hellos are done).</summary>
    BadRecordVersion,
    /// <summary>A record too short for the session id it must carry.</summary>
    RecordTooShort,
    /// <summary>A record carries another session's id.</summary>
    WrongSessionId,
    /// <summary>An empty record where a body is required.</summary>
    EmptyRecord,
    /// <summary>A protected handshake record did not authenticate.</summary>
    BadRecordTag,
    /// <summary>The author id of a protected record is not the entity upstream.</summary>
    UnknownRecordAuthor,
    /// <summary>More HelloRequests in a handshake than the limit allows.</summary>
    TooManyEmptyMessages,

    // ---- handshake framing and order
    /// <summary>A handshake message or ChangeCipherSpec is illegal in this state.</summary>
    UnexpectedHandshakeMessage,
    /// <summary>A handshake message is split over records where that is not allowed.</summary>
    FragmentedHandshakeMessage,
    /// <summary>Bytes follow a handshake message in its record.</summary>
    CoalescedHandshakeMessages,
    /// <summary>A handshake message is longer than its limit.</summary>
    HandshakeMessageTooLong,
    /// <summary>A handshake message ends inside a field.</summary>
    TruncatedMessage,
    /// <summary>Bytes follow the last field of a message.</summary>
    TrailingBytes,
    /// <summary>The ChangeCipherSpec body is not the single byte 1.</summary>
    BadChangeCipherSpec,
    /// <summary>Application data arrived before the handshake was complete.</summary>
    DataBeforeFinished,
    /// <summary>A new handshake was started on a finished connection.</summary>
    Renegotiation,

    // ---- hellos (handshake.md §2)
    /// <summary>ClientHello or ServerHello version below TLS 1.2 or not the negotiated one.</summary>
    BadHelloVersion,
    /// <summary>A compression method other than null.</summary>
    BadCompression,
    /// <summary>No common cipher suite.</summary>
    NoCommonCipherSuite,
    /// <summary>No common key exchange group.</summary>
    NoCommonGroup,
    /// <summary>No common signature algorithm.</summary>
    NoCommonSignatureScheme,
    /// <summary>The server chose a suite that was not offered.</summary>
    SuiteNotOffered,
    /// <summary>The server chose a group that was not offered.</summary>
    GroupNotOffered,
    /// <summary>The tlmsp extension is missing.</summary>
    MissingTlmspExtension,
    /// <summary>The context list extension is missing.</summary>
    MissingContextList,
    /// <summary>An extension occurs twice.</summary>
    DuplicateExtension,
    /// <summary>An extension that TLMSP forbids: ALPN, NPN or extended_master_secret, or a context list in ServerHello.</summary>
    ForbiddenExtension,
    /// <summary>An extension in ServerHello that was not offered.</summary>
    UnofferedExtension,
    /// <summary>A TLMSP version other than 1.0.</summary>
    BadTlmspVersion,
    /// <summary>An address with an unknown type, a NUL byte, more than 2048 bytes, or no usable host.</summary>
    BadAddress,
    /// <summary>ServerHello does not echo the addresses of ClientHello.</summary>
    AddressMismatch,
    /// <summary>A middlebox entry with an id outside 02..fd, a bad flag or a ticket.</summary>
    BadMiddleboxEntry,
    /// <summary>Two middlebox entries share an id.</summary>
    DuplicateMiddleboxId,
    /// <summary>A grant is out of range, contradictory, or for a context not in the list.</summary>
    BadGrant,
    /// <summary>A context description that is out of range or repeated.</summary>
    BadContextDescription,
    /// <summary>The list, certificate or message count is above the configured limit.</summary>
    LimitExceeded,
    /// <summary>client_discovery_ack is not 0 or 1, or a discovery hello where none is supported.</summary>
    BadDiscovery,
    /// <summary>The middlebox list was refused by policy.</summary>
    MiddleboxListRefused,
    /// <summary>The server's list differs from the client's.</summary>
    MiddleboxListMismatch,
    /// <summary>The contexts were refused by policy.</summary>
    ContextsRefused,
    /// <summary>The ClientHello is not in the canonical form that every party must be able to reproduce.</summary>
    NotCanonical,
    /// <summary>This middlebox is not in the list.</summary>
    NotOnPath,
    /// <summary>The next hop is not on the allow-list or could not be reached.</summary>
    NextHopRefused,
    /// <summary>The peer offered plain TLS only.</summary>
    PlainTls,
    /// <summary>The client fell back to plain TLS although both ends speak TLMSP.</summary>
    FallbackRefused,

    // ---- certificates
    /// <summary>An empty certificate list.</summary>
    EmptyCertificateList,
    /// <summary>A certificate that cannot be decoded.</summary>
    MalformedCertificate,
    /// <summary>A chain that does not end in a trusted root.</summary>
    UntrustedCertificate,
    /// <summary>A certificate outside its validity period.</summary>
    ExpiredCertificate,
    /// <summary>A revoked certificate.</summary>
    RevokedCertificate,
    /// <summary>A certificate that may not be used for this purpose, or with an unsuitable key.</summary>
    UnsuitableCertificate,
    /// <summary>A certificate whose names do not match the address.</summary>
    CertificateNameMismatch,
    /// <summary>The application's validation callback refused the certificate.</summary>
    CertificateRefused,
    /// <summary>The client has no certificate although one is required.</summary>
    ClientCertificateMissing,

    // ---- key exchange
    /// <summary>A key share that is malformed, not on the curve, or gives the all-zero secret.</summary>
    BadKeyShare,
    /// <summary>A middlebox's key exchange uses another group than the server's.</summary>
    GroupMismatch,
    /// <summary>The signature scheme does not fit the key or was not offered.</summary>
    BadSignatureScheme,
    /// <summary>The signature of ServerKeyExchange does not verify.</summary>
    BadServerKeyExchangeSignature,
    /// <summary>A signature of MiddleboxKeyExchange does not verify.</summary>
    BadMiddleboxKeyExchangeSignature,
    /// <summary>The signature of CertificateVerify does not verify.</summary>
    BadCertificateVerify,
    /// <summary>A message names a middlebox that is not in the list, or not the one whose turn it is.</summary>
    WrongMiddleboxId,
    /// <summary>MiddleboxHello with a session id, suites or compression methods.</summary>
    BadMiddleboxHello,

    // ---- key material, confirmation, Finished
    /// <summary>KeyMaterial or a KeyConfirmation that does not authenticate.</summary>
    BadKeyMaterialTag,
    /// <summary>KeyMaterial or a KeyConfirmation whose list of contributions is malformed.</summary>
    BadKeyMaterial,
    /// <summary>A contribution is missing or empty although the rights require it.</summary>
    MissingContribution,
    /// <summary>A contribution occurs twice.</summary>
    RepeatedContribution,
    /// <summary>A contribution beyond what the list grants.</summary>
    ExcessContribution,
    /// <summary>A KeyConfirmation lacks a context, differs from the far endpoint's contributions, or exceeds the grant.</summary>
    KeyConfirmationFault,
    /// <summary>A KeyConfirmation out of list order or repeated.</summary>
    KeyConfirmationOrder,
    /// <summary>The endpoint's Finished does not verify.</summary>
    BadFinished,
    /// <summary>A MiddleboxFinished does not verify.</summary>
    BadMiddleboxFinished,

    // ---- containers (records-keys.md §2–§6)
    /// <summary>A container that does not fit its record, or a field that lies about its length.</summary>
    MalformedContainer,
    /// <summary>A container of a context that is not in the session.</summary>
    UnknownContext,
    /// <summary>Application data in context 0.</summary>
    DataInControlContext,
    /// <summary>The audit flag does not match the context.</summary>
    AuditFlagMismatch,
    /// <summary>An m_id or source_ID that is unknown, the receiver itself, or not upstream.</summary>
    BadMInfo,
    /// <summary>A delete indicator with count 0, or one for an entity that the deleter cannot speak for.</summary>
    BadDeleteIndicator,
    /// <summary>A container inserted, changed or deleted by an entity without the right to do so.</summary>
    NotPermitted,
    /// <summary>The author id of a fragment is not an entity upstream.</summary>
    UnknownAuthor,
    /// <summary>A fragment longer than allowed.</summary>
    ContainerTooLong,
    /// <summary>A fragment did not authenticate (the reader's check).</summary>
    BadFragmentTag,
    /// <summary>A writer MAC did not verify.</summary>
    BadWriterMac,
    /// <summary>An outbound reader check MAC did not verify.</summary>
    BadReaderCheckMac,
    /// <summary>A check MAC did not verify at the endpoint.</summary>
    BadCheckMac,
    /// <summary>The forwarding MAC's generator is not an entity upstream, or its order is wrong.</summary>
    BadForwardingMac,
    /// <summary>The audit trail has a gap, a duplicate, a wrong order, or skips an entity on the path.</summary>
    BadAuditTrail,
    /// <summary>Too many empty or deleted containers in a row.</summary>
    EmptyContainerFlood,
    /// <summary>Data after close_notify.</summary>
    DataAfterClose,
    /// <summary>A counter is too close to its limit.</summary>
    CounterExhausted,

    // ---- alerts
    /// <summary>An alert that cannot be parsed, or that is not protected although keys are active.</summary>
    MalformedAlert,
    /// <summary>close_notify outside context 0.</summary>
    CloseNotifyOutsideControl,
    /// <summary>Too many warnings in a row.</summary>
    WarningFlood,

    // ---- HTTP on contexts (Tlmsp.Http)
    /// <summary>HTTP bytes in a context that their role does not allow, or framing that is not strictly valid.</summary>
    HttpMappingViolation,
}
