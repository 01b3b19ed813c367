namespace Tlmsp;

/// <summary>The kinds of certificates that a client of ordinary TLS can verify.</summary>
[Flags]
public enum PlainTlsKeys
{
    /// <summary>None that a server here could have.</summary>
    None = 0,

    /// <summary>ECDSA.</summary>
    Ecdsa = 1,

    /// <summary>RSA.</summary>
    Rsa = 2,
}
