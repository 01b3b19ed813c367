using Tlmsp.TestSupport;

namespace Tlmsp.Tests;

public class CipherSuiteTests
{
    public static TheoryData<string, bool, bool> Shapes
    {
        get
        {
            var data = new TheoryData<string, bool, bool>();
            foreach (string grants in (string[])["", "1=r", "1=rw,2=rw|2=r"])
            {
                foreach (bool rsa in (bool[])[false, true])
                {
                    data.Add(grants, rsa, false);
                    data.Add(grants, rsa, true);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_256_bit_suites_work_between_our_own_parties(string grants, bool rsa, bool audited)
    {
        using InMemoryPath path = Make(grants, rsa, audited, TlmspCipherSuite.Aes256).Connect();
        path.ClientSends(1, "request head"u8);
        path.ServerSends(2, new byte[40_000]);

        Assert.Empty(path.Faults);
        Assert.Equal(
            rsa ? TlmspCipherSuite.EcdheRsaAes256GcmSha384 : TlmspCipherSuite.EcdheEcdsaAes256GcmSha384, path.Server!.Info.CipherSuite);
        Assert.Equal("request head"u8, path.AtServer.Data(1));
        Assert.Equal(new byte[40_000], path.AtClient.Data(2));
    }

    [Fact]
    public void Every_key_of_a_256_bit_suite_has_32_bytes()
    {
        using InMemoryPath path = Make("1=rw", rsa: false, audited: false, TlmspCipherSuite.Aes256).Connect();
        (DirectionKeys toServer, DirectionKeys toClient) = path.ClientHandshake.Keys!.Value;
        SecretKey[] keys =
        [
            toServer.Synch, toServer.Reader(0)!, toServer.Reader(1)!, toServer.Writer(1)!, toClient.Synch, toClient.Reader(2)!, toClient.Writer(2)!,
            path.ClientHandshake.FarSecret!.AToB, path.ClientHandshake.Peers[0].Secret!.BToA,
        ];

        Assert.All(keys, key => Assert.Equal(32, key.Bytes.Length));
        Assert.Equal(keys.Length, keys.Select(key => Convert.ToHexString(key.Bytes)).Distinct().Count());
    }

    [Fact]
    public void A_server_takes_a_128_bit_suite_whenever_one_is_offered()
    {
        // What the reference client offers: everything, strongest first. Our own options refuse that, so the offer is made behind their back.
        using InMemoryPath path = Make("", rsa: false, audited: false, TlmspCipherSuite.Aes128);
        path.ClientHandshake.Options.CipherSuites = [.. TlmspCipherSuite.Aes256, .. TlmspCipherSuite.Aes128];
        path.Connect();

        Assert.Equal(TlmspCipherSuite.EcdheEcdsaAes128GcmSha256, path.Server!.Info.CipherSuite);
    }

    [Fact]
    public void A_server_without_the_256_bit_suites_refuses_them()
    {
        TlmspServerOptions server = TestPaths.Server();
        server.CipherSuites = [.. TlmspCipherSuite.Aes128];
        TlmspClientOptions client = TestPaths.Client(audited: false);
        client.CipherSuites = [.. TlmspCipherSuite.Aes256];
        using InMemoryPath path = new InMemoryPath(client, server).TryConnect();

        Assert.Equal(Misbehaviour.NoCommonCipherSuite, path.Faults["server"].Misbehaviour);
        Assert.Equal(TlmspAlert.HandshakeFailure, path.Faults["client"].Alert);
    }

    [Fact]
    public void A_client_offers_one_kind_only()
    {
        TlmspClientOptions client = TestPaths.Client(audited: false);
        client.CipherSuites = [.. TlmspCipherSuite.All];

        ArgumentException e = Assert.Throws<ArgumentException>(client.Validate);
        Assert.Contains("TlmspCipherSuite.Aes256", e.Message, StringComparison.Ordinal);
    }

    private static InMemoryPath Make(string grants, bool rsa, bool audited, IReadOnlyList<TlmspCipherSuite> suites)
    {
        Grant[] parsed = [.. grants.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Grant.Parse)];
        TlmspClientOptions client = TestPaths.Client(audited, parsed);
        client.CipherSuites = [.. suites];
        return new InMemoryPath(client, TestPaths.Server(rsa), [.. parsed.Select((_, index) => TestPaths.Middlebox(index, rsa))]);
    }
}
