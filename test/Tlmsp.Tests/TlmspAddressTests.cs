using System.Text;

namespace Tlmsp.Tests;

public class TlmspAddressTests
{
    [Theory]
    [InlineData("waf.example:7001", "tlmsp://waf.example:7001")]
    [InlineData("waf.example", "tlmsp://waf.example")]
    [InlineData("10.0.0.1", "tlmsp://10.0.0.1")]
    [InlineData("[::1]:7001", "tlmsp://[::1]:7001")]
    [InlineData("::1", "tlmsp://[::1]")]
    [InlineData("tlmsp://WAF.example:7001/a/b", "tlmsp://WAF.example:7001/a/b")]
    [InlineData("HTTPS://waf.example", "HTTPS://waf.example")]
    public void Parse_gives_a_url_and_keeps_its_bytes(string text, string expected)
    {
        var address = TlmspAddress.Parse(text);
        Assert.Equal((TlmspAddressType.Url, expected), (address.Type, address.Text));
    }

    [Theory]
    [InlineData("", "no host")]
    [InlineData("tlmsp://", "no host")]
    [InlineData(":7001", "no host")]
    [InlineData("user@waf.example", "'@'")]
    [InlineData("tlmsp://user:secret@waf.example:1", "'@'")]
    [InlineData("waf.example:0", "port")]
    [InlineData("waf.example:65536", "port")]
    [InlineData("waf.example:+80", "port")]
    [InlineData("waf.example:080", "port")]
    [InlineData("waf.example:", "port")]
    [InlineData("waf.example:99999999999", "port")]
    [InlineData("waf.example:1:2", "':'")]
    [InlineData("aa:bb:cc:dd:ee:ff", "port")]
    [InlineData("wäf.example", "U+00E4")]
    [InlineData("waf example", "U+0020")]
    [InlineData("waf\0.example", "U+0000")]
    [InlineData("waf..example", "label")]
    [InlineData(".example", "label")]
    [InlineData("waf.example.", "label")]
    [InlineData("-waf.example", "label")]
    [InlineData("waf%2eexample", "'%'")]
    [InlineData("waf.example?x", "'?'")]
    [InlineData("waf.example#x", "'#'")]
    [InlineData("waf.example\\@evil", "'\\'")]
    [InlineData("://waf.example", "scheme")]
    [InlineData("1x://waf.example", "scheme")]
    [InlineData("127.1", "IPv4")]
    [InlineData("2130706433", "IPv4")]
    [InlineData("0x7f.0.0.0x1", "IPv4")]
    [InlineData("0177.0.0.1", "IPv4")]
    [InlineData("[::1", "holds a")]
    [InlineData("[fe80::1%eth0]:1", "brackets")]
    [InlineData("[waf.example]:1", "brackets")]
    public void Parse_says_what_is_wrong(string text, string hint)
    {
        Assert.False(TlmspAddress.TryParse(text, out TlmspAddress none));
        Assert.True(none.IsEmpty);
        Assert.Contains(hint, Assert.Throws<FormatException>(() => TlmspAddress.Parse(text)).Message);
    }

    [Fact]
    public void Parse_refuses_what_is_too_long()
    {
        Assert.False(TlmspAddress.TryParse(new string('a', 64) + ".example", out _));
        Assert.False(TlmspAddress.TryParse(string.Join('.', Enumerable.Repeat("abcdefgh", 32)), out _));
        Assert.True(TlmspAddress.TryParse("tlmsp://waf.example/" + new string('p', 2048 - 20), out _));
        Assert.False(TlmspAddress.TryParse("tlmsp://waf.example/" + new string('p', 2049 - 20), out _));
        Assert.False(TlmspAddress.TryParse(null, out _));
    }

    [Theory]
    [InlineData(TlmspAddressType.Url, "tlmsp://waf.example:7001/x:9", "waf.example", 7001)]
    [InlineData(TlmspAddressType.Url, "tlmsp://waf.example", "waf.example", 443)]
    [InlineData(TlmspAddressType.Url, "waf.example:7001", "waf.example", 7001)]
    [InlineData(TlmspAddressType.Url, "waf.example/a://b", "waf.example", 443)]
    [InlineData(TlmspAddressType.Url, "tlmsp://[2001:db8::1]:8443/", "2001:db8::1", 8443)]
    [InlineData(TlmspAddressType.Url, "tlmsp://container_1:80", "container_1", 80)]
    [InlineData(TlmspAddressType.Fqdn, "waf.example", "waf.example", 443)]
    [InlineData(TlmspAddressType.IPv4, "10.0.0.1", "10.0.0.1", 443)]
    [InlineData(TlmspAddressType.IPv6, "2001:db8::1", "2001:db8::1", 443)]
    public void End_point_of_an_address_from_the_wire(TlmspAddressType type, string text, string host, int port)
    {
        TlmspAddress address = TlmspAddress.FromWire(type, Encoding.ASCII.GetBytes(text));
        Assert.True(address.TryGetEndPoint(out string? actualHost, out int actualPort));
        Assert.Equal((host, port), (actualHost, actualPort));
        Assert.Equal(address, TlmspAddress.Create(type, text));
    }

    [Theory]
    [InlineData(TlmspAddressType.Url, "")]
    [InlineData(TlmspAddressType.Url, "tlmsp://169.254.169.254@waf.example")]
    [InlineData(TlmspAddressType.Url, "tlmsp://waf.example:x")]
    [InlineData(TlmspAddressType.Url, "tlmsp:///waf.example")]
    [InlineData(TlmspAddressType.Fqdn, "waf.example:7001")]
    [InlineData(TlmspAddressType.Fqdn, "waf.example/")]
    [InlineData(TlmspAddressType.IPv4, "10.0.0.1:80")]
    [InlineData(TlmspAddressType.IPv4, "10.1")]
    [InlineData(TlmspAddressType.IPv4, "waf.example")]
    [InlineData(TlmspAddressType.IPv6, "[::1]")]
    [InlineData(TlmspAddressType.IPv6, "fe80::1%2")]
    [InlineData(TlmspAddressType.IPv6, "10.0.0.1")]
    [InlineData(TlmspAddressType.Mac, "aa:bb:cc:dd:ee:ff")]
    public void No_end_point_from_what_can_be_misread(TlmspAddressType type, string text)
    {
        TlmspAddress address = TlmspAddress.FromWire(type, Encoding.ASCII.GetBytes(text));
        Assert.False(address.TryGetEndPoint(out string? host, out _));
        Assert.Null(host);
    }

    [Fact]
    public void From_wire_refuses_unknown_types_and_odd_bytes()
    {
        Assert.Equal(Misbehaviour.BadAddress, Fault((TlmspAddressType)5, "a"u8.ToArray()));
        Assert.Equal(Misbehaviour.BadAddress, Fault(TlmspAddressType.Url, new byte[2049]));
        Assert.Equal(Misbehaviour.BadAddress, Fault(TlmspAddressType.Url, [.. Enumerable.Repeat((byte)'a', 2049)]));
        for (int value = 0; value < 256; value++)
        {
            byte[] text = [(byte)'a', (byte)value, (byte)'b'];
            if (value is < 0x21 or > 0x7e)
            {
                Assert.Equal(Misbehaviour.BadAddress, Fault(TlmspAddressType.Fqdn, text));
            }
            else
            {
                Assert.Equal(text, Encoding.ASCII.GetBytes(TlmspAddress.FromWire(TlmspAddressType.Fqdn, text).Text));
            }
        }

        Assert.Equal(2048, TlmspAddress.FromWire(TlmspAddressType.Url, [.. Enumerable.Repeat((byte)'a', 2048)]).Text.Length);
        Assert.True(TlmspAddress.FromWire(TlmspAddressType.Url, []).IsEmpty);
    }

    [Fact]
    public void Equality_is_exact()
    {
        var address = TlmspAddress.Parse("tlmsp://waf.example:7001");
        Assert.True(address == TlmspAddress.Parse("waf.example:7001"));
        Assert.Equal(address.GetHashCode(), TlmspAddress.Parse("waf.example:7001").GetHashCode());
        Assert.True(address != TlmspAddress.Parse("WAF.example:7001"));
        Assert.NotEqual(address, TlmspAddress.Parse("tlmsp://waf.example:7001/"));
        Assert.NotEqual(TlmspAddress.Create(TlmspAddressType.Fqdn, "a"), TlmspAddress.FromWire(TlmspAddressType.Url, "a"u8));
        Assert.Equal(default, TlmspAddress.FromWire(TlmspAddressType.Url, []));
    }

    [Fact]
    public void Create_refuses_what_does_not_fit_the_type()
    {
        Assert.Throws<FormatException>(() => TlmspAddress.Create(TlmspAddressType.IPv4, "waf.example"));
        Assert.Throws<FormatException>(() => TlmspAddress.Create(TlmspAddressType.Mac, "a b"));
        Assert.Throws<ArgumentOutOfRangeException>(() => TlmspAddress.Create((TlmspAddressType)9, "a"));
        Assert.Equal("aa:bb:cc:dd:ee:ff", TlmspAddress.Create(TlmspAddressType.Mac, "aa:bb:cc:dd:ee:ff").ToString());
    }

    private static Misbehaviour Fault(TlmspAddressType type, byte[] text) =>
        Assert.Throws<TlmspException>(() => TlmspAddress.FromWire(type, text)).Misbehaviour;
}
