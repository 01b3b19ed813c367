namespace Tlmsp;

/// <summary>Alert descriptions: the TLS ones in use (RFC 5246 §7.2) and those of TLMSP (170–180, TS 103 523-2).</summary>
public enum TlmspAlert : byte
{
    /// <summary>The sender will not send any more data.</summary>
    CloseNotify = 0,
    /// <summary>A message, record or container that is illegal in this state.</summary>
    UnexpectedMessage = 10,
    /// <summary>A protected record did not authenticate.</summary>
    BadRecordMac = 20,
    /// <summary>A record or container is larger than allowed.</summary>
    RecordOverflow = 22,
    /// <summary>No common parameters.</summary>
    HandshakeFailure = 40,
    /// <summary>A certificate is corrupt or its identity does not match.</summary>
    BadCertificate = 42,
    /// <summary>A certificate is of an unsupported type or usage.</summary>
    UnsupportedCertificate = 43,
    /// <summary>A certificate was revoked.</summary>
    CertificateRevoked = 44,
    /// <summary>A certificate is expired or not yet valid.</summary>
    CertificateExpired = 45,
    /// <summary>A certificate is unacceptable for another reason.</summary>
    CertificateUnknown = 46,
    /// <summary>A field is out of range or inconsistent with others.</summary>
    IllegalParameter = 47,
    /// <summary>The chain does not end in a trusted root.</summary>
    UnknownCa = 48,
    /// <summary>A policy refuses access.</summary>
    AccessDenied = 49,
    /// <summary>A message could not be decoded.</summary>
    DecodeError = 50,
    /// <summary>A signature or Finished value did not verify.</summary>
    DecryptError = 51,
    /// <summary>The protocol version is not supported.</summary>
    ProtocolVersion = 70,
    /// <summary>The peer's parameters are too weak.</summary>
    InsufficientSecurity = 71,
    /// <summary>A local error, and most TLMSP violations (records-keys.md §10.2).</summary>
    InternalError = 80,
    /// <summary>A fallback to plain TLS was attempted although TLMSP is spoken (RFC 7507).</summary>
    InappropriateFallback = 86,
    /// <summary>The user cancelled.</summary>
    UserCanceled = 90,
    /// <summary>Renegotiation is refused.</summary>
    NoRenegotiation = 100,
    /// <summary>A mandatory extension is missing (RFC 8446).</summary>
    MissingExtension = 109,
    /// <summary>An extension that was not offered.</summary>
    UnsupportedExtension = 110,
    /// <summary>The next hop cannot be reached or is not allowed.</summary>
    MiddleboxRouteFailure = 170,
    /// <summary>The middlebox list was refused.</summary>
    MiddleboxAuthorizationFailure = 171,
    /// <summary>A middlebox is required.</summary>
    MiddleboxRequired = 172,
    /// <summary>Acknowledges discovery.</summary>
    DiscoveryAck = 173,
    /// <summary>A context id that is not in the session.</summary>
    UnknownContext = 174,
    /// <summary>The contexts or their purposes are not supported.</summary>
    UnsupportedContext = 175,
    /// <summary>A middlebox's key exchange did not verify.</summary>
    MiddleboxKeyVerifyFailure = 176,
    /// <summary>A container did not authenticate for a reader.</summary>
    BadReaderMac = 177,
    /// <summary>A container's writer MAC did not verify.</summary>
    BadWriterMac = 178,
    /// <summary>A key confirmation is missing or differs.</summary>
    MiddleboxKeyConfirmationFault = 179,
    /// <summary>Authentication is required.</summary>
    AuthenticationRequired = 180,
}

/// <summary>Alert levels (RFC 5246 §7.2).</summary>
public enum TlmspAlertLevel : byte
{
    /// <summary>The connection may go on.</summary>
    Warning = 1,
    /// <summary>The connection is over.</summary>
    Fatal = 2,
}
