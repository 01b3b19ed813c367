using System.Text;

namespace Tlmsp.Tests.Golden;

/// <summary>A session of our own that is kept as a file.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Description">What happens.</param>
/// <param name="Group">Key exchange group of all parties.</param>
/// <param name="Audited">Whether contexts 1 and 2 are.</param>
/// <param name="Grants">One per middlebox, the one next to the client first.</param>
/// <param name="Script">What happens after the handshake.</param>
internal sealed record GoldenSession(
    string Name, string Description, KeyExchangeGroup Group, bool Audited, Grant[] Grants, Action<GoldenRun> Script)
{
    private const int Large = 40_000;

    private static readonly KeyExchangeGroup s_x25519 = KeyExchangeGroup.X25519;
    private static readonly Grant s_reader = Grant.Read(1);
    private static readonly Grant s_writer = Grant.Write(1, 2);

    /// <summary>Of the middleboxes that the client lists.</summary>
    public Grant[] ListedGrants => IsLastInserted ? Grants[..^1] : Grants;

    /// <summary>Where the randomness comes from.</summary>
    public string Seed { get; init; } = Name;

    /// <summary>The cipher suite; RSA, whose signatures can be made to come out the same.</summary>
    public TlmspCipherSuite Suite { get; init; } = TlmspCipherSuite.EcdheRsaAes128GcmSha256;

    /// <summary>The client does not list the last middlebox: the server inserts it, and the client connects again.</summary>
    public bool IsLastInserted { get; init; }

    /// <summary>The server asks for the client's certificate.</summary>
    public bool AsksForCertificate { get; init; }

    /// <summary>Middleboxes put their own forwarding MAC in the place of the one they got, as those of the reference do.</summary>
    public bool Regenerates { get; init; }

    public static IReadOnlyList<GoldenSession> All { get; } =
    [
        new("a_0mbox", "No middlebox.", s_x25519, false, [], Exchange),
        new("a_0mbox_p256", "As a_0mbox, with P-256.", KeyExchangeGroup.P256, false, [], Exchange),
        new("a_0mbox_audited", "No middlebox, audited contexts.", s_x25519, true, [], Exchange),
        new("b_1mbox_read", "One middlebox that reads context 1.", s_x25519, false, [s_reader], Exchange),
        new("b_1mbox_read_audited", "One reader, audited contexts.", s_x25519, true, [s_reader], Exchange),
        new("b_1mbox_read_p256", "As b_1mbox_read, with P-256.", KeyExchangeGroup.P256, false, [s_reader], Exchange),
        new("b_1mbox_read_regenerated", "One reader that makes every forwarding MAC anew, as the reference does.",
            s_x25519, false, [s_reader], Exchange)
        {
            Regenerates = true,
        },
        new("b_1mbox_read_aes256", "One reader, audited contexts, 256-bit keys and SHA-384.", s_x25519, true, [s_reader], Exchange)
        {
            Suite = TlmspCipherSuite.EcdheRsaAes256GcmSha384,
        },
        new("c_2mbox_read", "Two readers, of different contexts.", s_x25519, false, [s_reader, Grant.Read(2)], Exchange),
        new("c_2mbox_read_audited", "Two readers, audited contexts.", s_x25519, true, [s_reader, Grant.Read(2)], Exchange),
        new("d_1mbox_modify", "One writer that changes what both ends send.", s_x25519, false, [s_writer], Modify),
        new("d_1mbox_modify_audited", "One writer that changes what both ends send, audited contexts.", s_x25519, true, [s_writer], Modify),
        new("d_2mbox_modify_audited", "Two writers that both change the same containers.",
            s_x25519, true, [s_writer, s_writer], ModifyTwice),
        new("e_1mbox_insert", "One writer that inserts both ways.", s_x25519, false, [s_writer], Insert),
        new("e_1mbox_delete", "One writer that deletes both ways.", s_x25519, false, [s_writer], Delete),
        new("e_2mbox_insert_delete_audited", "One inserts, the next deletes that and more.",
            s_x25519, true, [s_writer, s_writer], InsertAndDelete),
        new("f_1mbox_no_access", "One middlebox without access to any context.", s_x25519, false, [Grant.None], Exchange),
        new("g_0mbox_large", "40 000 bytes at once.", s_x25519, false, [], SendLarge),
        new("h_1mbox_close_notify", "Both ends close.", s_x25519, false, [s_reader], Close),
        new("h_1mbox_fatal_alert", "The server gives up in the middle of the data.", s_x25519, false, [s_reader], GiveUp),
        new("h_1mbox_reader_alert", "A reader sends warnings, in context 0 and in the one that it reads.",
            s_x25519, false, [s_reader], Warn),
        new("i_2mbox_one_inserted", "The server inserts the second middlebox, and the client comes again.",
            s_x25519, false, [s_reader, Grant.Read(2)], Exchange)
        {
            IsLastInserted = true,
        },
        new("j_1mbox_client_certificate", "The client shows a certificate.", s_x25519, false, [s_reader], Exchange)
        {
            AsksForCertificate = true,
        },
    ];

    private static void Exchange(GoldenRun run)
    {
        run.ClientSends(1, "request head");
        run.ClientSends(2, "request body");
        run.ServerSends(1, "response head");
        run.ServerSends(2, "response body");
    }

    private static void Modify(GoldenRun run)
    {
        run.Rules[0] = Replace("body", "BODY as the middlebox likes it");
        Exchange(run);
    }

    private static void ModifyTwice(GoldenRun run)
    {
        run.Rules[0] = Replace("body", "one");
        run.Rules[1] = Replace("one", "two");
        Exchange(run);
    }

    private static void Insert(GoldenRun run)
    {
        run.ClientSends(1, "before");
        run.MiddleboxInserts(0, Direction.ClientToServer, 1, "inserted");
        run.ClientSends(1, "after");
        run.MiddleboxInserts(0, Direction.ServerToClient, 2, "inserted");
        run.ServerSends(1, "after");
    }

    private static void Delete(GoldenRun run)
    {
        run.Rules[0] = Drop("secret");
        run.ClientSends(1, "first");
        run.ClientSends(2, "secret one");
        run.ClientSends(1, "second");
        run.ServerSends(1, "secret two");
        run.ServerSends(2, "third");
    }

    private static void InsertAndDelete(GoldenRun run)
    {
        run.Rules[1] = Drop("inserted");
        run.ClientSends(1, "first");
        run.MiddleboxInserts(0, Direction.ClientToServer, 1, "inserted");
        run.ClientSends(2, "second");
        run.MiddleboxInserts(1, Direction.ServerToClient, 2, "from the second middlebox");
        run.ServerSends(1, "third");
        run.ServerSends(1, "inserted, says the server");
        run.ServerSends(2, "fourth");
    }

    private static void SendLarge(GoldenRun run)
    {
        string text = string.Concat(Enumerable.Range(0, Large / 8).Select(number => $"{number:d7}\n"));
        run.ClientSends(2, text);
        run.ServerSends(1, "got it");
    }

    private static void Close(GoldenRun run)
    {
        Exchange(run);
        run.ClientAlerts(TlmspAlertLevel.Warning, TlmspAlert.CloseNotify);
        run.ServerAlerts(TlmspAlertLevel.Warning, TlmspAlert.CloseNotify);
    }

    private static void GiveUp(GoldenRun run)
    {
        run.ClientSends(1, "request head");
        run.ServerSends(1, "response head");
        run.ServerAlerts(TlmspAlertLevel.Fatal, TlmspAlert.InternalError);
    }

    private static void Warn(GoldenRun run)
    {
        run.ClientSends(1, "request head");
        run.MiddleboxAlerts(0, Direction.ClientToServer, 1, TlmspAlert.UserCanceled);
        run.MiddleboxAlerts(0, Direction.ServerToClient, 0, TlmspAlert.UserCanceled);
        run.ServerSends(1, "response head");
    }

    private static GoldenRule Replace(string old, string @new) => (text, replacement) =>
    {
        if (!text.Contains(old, StringComparison.Ordinal))
        {
            return RelayAction.Forward;
        }

        Encoding.ASCII.GetBytes(text.Replace(old, @new, StringComparison.Ordinal), replacement);
        return RelayAction.Modify;
    };

    private static GoldenRule Drop(string what) => (text, _) =>
        text.StartsWith(what, StringComparison.Ordinal) ? RelayAction.Delete : RelayAction.Forward;
}
