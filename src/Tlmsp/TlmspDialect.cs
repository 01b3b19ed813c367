namespace Tlmsp;

/// <summary>The numbers of the wire, each with the place where it was confirmed (RK = records-keys.md, HS = handshake.md).</summary>
/// <remarks>
/// This is the dialect of the ETSI reference stack. The IANA registry gives the tlmsp extension number 36; the reference uses the
/// private numbers below and a PRF that differs from RFC 5246 (see <c>Keys/TlmspPrf</c>).
/// </remarks>
internal static class TlmspDialect
{
    public const ushort Version = 0x0303;                    // RK 0.2
    public const ushort ClientHelloRecordVersion = 0x0301;   // RK 1.1
    public const byte TlmspMajor = 1;                        // HS 0.2
    public const byte TlmspMinor = 0;

    public const ushort ExtensionServerName = 0;
    public const ushort ExtensionSupportedGroups = 10;
    public const ushort ExtensionPointFormats = 11;
    public const ushort ExtensionSignatureAlgorithms = 13;
    public const ushort ExtensionAlpn = 16;                  // HS 9.1: forbidden
    public const ushort ExtensionExtendedMasterSecret = 23;  // HS 9.5: forbidden
    public const ushort ExtensionNpn = 13172;                // HS 9.1: forbidden
    public const ushort ExtensionRenegotiationInfo = 0xff01;
    public const ushort ExtensionTlmsp = 0xff06;             // HS 0.2; IANA: 36
    public const ushort ExtensionContextList = 0xff07;       // HS 0.2
    public const ushort RenegotiationScsv = 0x00ff;

    public const byte NoEntity = 0x00;                       // RK 0.1
    public const byte Client = 0x01;
    public const byte FirstMiddlebox = 0x02;
    public const byte LastMiddlebox = 0xfd;
    public const byte Server = 0xfe;

    public const int RandomLength = 32;
    public const int NonceLength = 12;                       // RK 0.2: the whole GCM IV is explicit
    public const int TagLength = 16;
    public const int VerifyDataLength = 12;
    public const int MasterSecretLength = 48;
    public const int ContributionLength = 16;                // RK 0.2
    public const int RecordHeaderLength = 5;                 // RK 1.1
    public const int SessionIdLength = 4;
    public const int MaxRecordLength = 65535;                // RK 1.4
    public const int MaxPlaintext = 16355;                   // RK 1.4: GCM, 16383 - 12 - 16
    public const int MaxFragmentReceived = 16479;            // RK 1.4
    public const int MaxPlaintextReceived = 16383;           // RK 1.4
    public const int ForwardingMacLength = 3 + 16 + 12 + 16; // RK 2.1
    public const int MaxMiddleboxes = 251;                   // HS 0.2
    public const int MaxAddressLength = 2048;                // HS 0.2

    public const ushort FlagInserted = 0x8000;               // RK 2.2
    public const ushort FlagDeleted = 0x4000;
    public const ushort FlagAudited = 0x1000;
    public const byte ForwardingInserted = 0x80;             // RK 2.4
    public const byte ForwardingDeleted = 0xc0;

    public const string LabelMasterSecret = "master secret"; // RK 7
    public const string LabelKeyExpansion = "key expansion";
    public const string LabelSynchKeys = "synch keys";
    public const string LabelReaderKeys = "reader keys";
    public const string LabelWriterKeys = "writer keys";
    public const string LabelClientFinished = "client finished";
    public const string LabelServerFinished = "server finished";
    public const string LabelClientMiddleboxFinished = "client-middlebox finished";   // RK 9.2: the reference's own labels
    public const string LabelMiddleboxServerFinished = "middlebox-server finished";
    public const string LabelServerMiddleboxFinished = "server-middlebox finished";
    public const string LabelMiddleboxClientFinished = "middlebox-client finished";
}
