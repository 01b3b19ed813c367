namespace Tlmsp;

/// <summary>Reads from a hello of ordinary TLS which certificates its client can verify.</summary>
internal static class PlainTlsCertificates
{
    /// <summary>Suites of TLS 1.2 and before that are authenticated by ECDSA (RFC 8422 §6, RFC 5289 §3, RFC 7251 §2, RFC 7905 §2).</summary>
    private static readonly ushort[] s_ecdsaSuites =
    [
        0xc006, 0xc007, 0xc008, 0xc009, 0xc00a, 0xc023, 0xc024, 0xc02b, 0xc02c, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xcca9,
    ];

    /// <summary>
    /// A kind counts when a signature scheme and a suite allow it; suites of TLS 1.3 go with every kind (RFC 8446 §4.2.3). Without
    /// signature_algorithms the suites decide alone (RFC 5246 §7.4.1.4.1).
    /// </summary>
    public static PlainTlsKeys KeysOf(ClientHello hello)
    {
        bool tls13 = hello.CipherSuites.Any(suite => suite >> 8 == 0x13);
        bool ecdsa = tls13 || hello.CipherSuites.Any(s_ecdsaSuites.Contains);
        bool rsa = tls13 || hello.CipherSuites.Any(suite => !s_ecdsaSuites.Contains(suite) && !IsSignal(suite));
        ushort[]? schemes = hello.SignatureSchemes;
        ecdsa &= schemes is null || schemes.Any(scheme => scheme is 0x0203 or 0x0403 or 0x0503 or 0x0603);
        rsa &= schemes is null || schemes.Any(scheme => scheme is 0x0201 or 0x0401 or 0x0501 or 0x0601 or 0x0804 or 0x0805 or 0x0806);
        return (ecdsa ? PlainTlsKeys.Ecdsa : PlainTlsKeys.None) | (rsa ? PlainTlsKeys.Rsa : PlainTlsKeys.None);
    }

    /// <summary>TLS_EMPTY_RENEGOTIATION_INFO_SCSV, TLS_FALLBACK_SCSV and GREASE (RFC 8701), which are no suites.</summary>
    private static bool IsSignal(ushort suite) => suite is 0x00ff or 0x5600 || ((suite & 0x0f0f) == 0x0a0a && suite >> 8 == (suite & 0xff));
}
