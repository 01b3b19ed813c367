namespace Tlmsp.Http.Tests.Http2;

/// <summary>Field compression against the examples of RFC 7541, Appendix C, and what must be refused.</summary>
public class HpackTests
{
    /// <summary>Sequences of blocks on one connection, and what each says.</summary>
    public static TheoryData<string, string[]> Examples => new()
    {
        { "400a637573746f6d2d6b65790d637573746f6d2d686561646572", ["custom-key: custom-header"] },                              // C.2.1
        { "040c2f73616d706c652f70617468", [":path: /sample/path"] },                                                            // C.2.2
        { "100870617373776f726406736563726574", ["password: secret"] },                                                         // C.2.3
        { "82", [":method: GET"] },                                                                                             // C.2.4
        {
            "828684410f7777772e6578616d706c652e636f6d 828684be58086e6f2d6361636865 828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
            [
                ":method: GET|:scheme: http|:path: /|:authority: www.example.com",
                ":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache",
                ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value",
            ]
        },                                                                                                                      // C.3
        {
            "828684418cf1e3c2e5f23a6ba0ab90f4ff 828684be5886a8eb10649cbf 828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
            [
                ":method: GET|:scheme: http|:path: /|:authority: www.example.com",
                ":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache",
                ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value",
            ]
        },                                                                                                                      // C.4
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void The_examples_of_the_specification_are_decoded(string blocks, string[] expected) =>
        Assert.Equal(expected, Decode(new HpackDecoder(HttpFramerLimits.Default), blocks.Split(' ')));

    [Fact]
    public void A_small_table_forgets_its_oldest_entries_as_in_appendix_C_6()
    {
        var decoder = new HpackDecoder(HttpFramerLimits.Default);
        Decode(decoder, "3fe101");     // a table of 256 bytes

        string[] responses = Decode(
            decoder,
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
            "4883640effc1c0bf",
            "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007");

        Assert.Equal(
            ":status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com", responses[0]);
        Assert.Equal(
            ":status: 307|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com", responses[1]);
        Assert.Equal(
            ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com|content-encoding: gzip|"
            + "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            responses[2]);
    }

    [Theory]
    [InlineData("80", "index 0")]
    [InlineData("be", "index 62, which is in no table")]
    [InlineData("ff80808080", "an integer that is too large")]
    [InlineData("ff", "an integer that ends early")]
    [InlineData("7f80", "the same, a byte later")]
    [InlineData("40", "a name that is missing")]
    [InlineData("400a6375", "a name that is cut short")]
    [InlineData("4001610a62", "a value that is cut short")]
    [InlineData("40016181ff", "Huffman padding of a whole byte")]
    [InlineData("4001618118", "Huffman padding that is not ones")]
    [InlineData("40016184ffffffff", "EOS in a string")]
    [InlineData("8220", "a size change behind a field")]
    [InlineData("3fe21f", "a table larger than allowed")]
    public void What_is_not_valid_is_refused(string block, string why)
    {
        Assert.NotEmpty(why);
        Assert.Throws<HttpMappingException>(() => Decode(new HpackDecoder(HttpFramerLimits.Default), block));
    }

    [Fact]
    public void A_larger_table_is_used_once_the_receiver_allows_it()
    {
        var decoder = new HpackDecoder(HttpFramerLimits.Default);
        decoder.Allow(8192);

        Assert.Equal([":method: GET"], Decode(decoder, "3fe21f82"));
    }

    /// <summary>Rows of Appendix B: the first and the last of several lengths.</summary>
    [Theory]
    [InlineData('0', 0x0, 5)]
    [InlineData('a', 0x3, 5)]
    [InlineData(' ', 0x14, 6)]
    [InlineData('z', 0x7b, 7)]
    [InlineData('&', 0xf8, 8)]
    [InlineData('!', 0x3f8, 10)]
    [InlineData('\0', 0x1ff8, 13)]
    [InlineData('~', 0x1ffd, 13)]
    [InlineData('\\', 0x7fff0, 19)]
    [InlineData('\u00c3', 0x7fff1, 19)]
    [InlineData('\u0080', 0xfffe6, 20)]
    [InlineData('\u00ff', 0x3ffffee, 26)]
    [InlineData('\u00f9', 0xffffffe, 28)]
    [InlineData('\n', 0x3ffffffc, 30)]
    [InlineData('\u0016', 0x3ffffffe, 30)]
    public void The_Huffman_code_is_that_of_appendix_B(char symbol, int code, int length)
    {
        uint bits = ((uint)code << (32 - length)) | (uint.MaxValue >> length);      // padded with ones
        byte[] encoded = BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(bits))[..((length + 7) / 8)];
        byte[] decoded = new byte[8];

        Assert.Equal(1, HpackHuffman.Decode(encoded, decoded));
        Assert.Equal(symbol, (char)decoded[0]);
    }

    [Fact]
    public void Small_blocks_that_stand_for_much_are_bounded()
    {
        var decoder = new HpackDecoder(HttpFramerLimits.Default);
        string value = Convert.ToHexString(new byte[3900].Select(_ => (byte)'x').ToArray());
        Decode(decoder, "4001617fbd1d" + value);       // 3900 = 127 + 0x3d + (0x1d << 7)

        Assert.Throws<HttpMappingException>(() => Decode(decoder, string.Concat(Enumerable.Repeat("be", 9))));
        Assert.Throws<HttpMappingException>(
            () => Decode(new HpackDecoder(HttpFramerLimits.Default), string.Concat(Enumerable.Repeat("82", 101))));
    }

    [Fact]
    public void An_entry_larger_than_the_table_empties_it()
    {
        var table = new HpackTable();
        table.Add(new HttpField("a", "b"));
        Assert.True(table.TryGet(62, out HttpField field));
        Assert.Equal("b", field.Value);

        table.Add(new HttpField("a", new string('x', 4096)));

        Assert.Equal(0, table.Size);
        Assert.False(table.TryGet(62, out _));
    }

    private static string[] Decode(HpackDecoder decoder, params string[] blocks) => [.. blocks.Select(block =>
    {
        var fields = new List<HttpField>();
        decoder.Decode(Convert.FromHexString(block), fields);
        return string.Join('|', fields.Select(field => $"{field.Name}: {field.Value}"));
    })];
}
