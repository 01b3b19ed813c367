using System.Text.RegularExpressions;

namespace Tlmsp.Tests.Messages;

/// <summary>
/// The messages of a handshake between the reference client, one reference middlebox (6b) and the reference server, as captured
/// (handshake.md, Appendix A; the numbers are those of its blocks), with the secrets that open them.
/// </summary>
internal static class ReferenceTrace
{
    // R1.
    public static readonly byte[] ClientHello = Hex("""
        0100010f03032247f13022d4c0293eb7925ab11398edf1a8ac9d41f75b8333a023c8add6e0b4000038c02cc030009fcca9cca8ccaac02bc02f009ec0
        24c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff010000ae000b000403000102000a000c000a001d001700
        1e001900180023000000160000000d0030002e040305030603080708080809080a080b08040805080604010501060103030203030102010302020204
        0205020602ff06003e0100000009746c6d73703a2f2f6300000e746c6d73703a2f2f733a3434343300001c6b00000f746c6d73703a2f2f6d303a3530
        3030000000000201010200ff07001400120100000668656164657202010004626f6479
        """);

    // R2.
    public static readonly byte[] ServerHello = Hex("""
        0200007e0303b2e34ffe936cb2e3f5e4bdfb617008acc19f8e7cf6829fb85cf962430ee420d600c02b000056ff01000100000b000403000102002300
        00ff060041010016ace0cd000009746c6d73703a2f2f6300000e746c6d73703a2f2f733a34343433001c6b00000f746c6d73703a2f2f6d303a353030
        30000000000201010200
        """);

    // R3.
    public static readonly byte[] Certificate = Hex("""
        0b00012200011f00011c308201183081bf0214476671c82ae2f60315b5bb99ffe7eb357c19592e300a06082a8648ce3d040302300d310b3009060355
        04030c024341301e170d3236313132323036353731345a170d3336313131393036353731345a3011310f300d06035504030c06736572766572305930
        1306072a8648ce3d020106082a8648ce3d03010703420004422c0a66776ea58c7d1b45a9a27e75207559fdb2d6c437380be9a376532487537cf71ce3
        5d362ae6cba0e418af8e1f28f30c9eb30042b819e176a0e479085e30300a06082a8648ce3d0403020348003045022002d77e8fd20de21745a68bc546
        4c9d28b9ca7ce7a5484bd0989979552ffcd10d022100d8b5e5fdd28febefb030277006dac9d276c513e362856d44de249a4d10f633c1
        """);

    // R4.
    public static readonly byte[] ServerKeyExchange = Hex("""
        0c00006f03001d20742590d4246999289ddbdf7cc24e7bbc04f67002b89df9d7974b7cceed6a4e11040300473045022100e73bac6668d169872f205f
        bd4598b20ea03b52c94e11ef288a5f8e9be4348d92022037ad5e3483d1f1f436dff5c4680061e21a01455223a6c36d682eeba277ce7216
        """);

    // R5.
    public static readonly byte[] ServerHelloDone = Hex("""
        0e000000
        """);

    // R6.
    public static readonly byte[] MiddleboxHello = Hex("""
        290000476b0303bb8ab3c65d5721a0deaa0d1c4fc3668b29dca9d8e2f4be20e13f8eeac42c794b6fc99ab2c32a819f0526ca56e24b006639d7d0eb88
        57ae91af51b1851e2dcb6000000000
        """);

    // R7.
    public static readonly byte[] MiddleboxCertificate = Hex("""
        2a00011f6b00011b000118308201143081bb0214476671c82ae2f60315b5bb99ffe7eb357c19592f300a06082a8648ce3d040302300d310b30090603
        5504030c024341301e170d3236313132323036353731345a170d3336313131393036353731345a300d310b300906035504030c026d30305930130607
        2a8648ce3d020106082a8648ce3d0301070342000476cf6081776c8c566abc438f99245ccab970b421b2dea112abdfde9a859b9a9ee18c817803116a
        1b4a8135c8f6759baff97e6ecab9e28a6004f652a1fdbe6432300a06082a8648ce3d040302034800304502210082c557749d1e3add7ea47c738d07f8
        95e9c8faaf119f915fb777c41102d5eaac02204e159722c7ea53b211898b2ab0d3881332155e577cf68e2f3e65c82df8ae978f
        """);

    // R8.
    public static readonly byte[] MiddleboxKeyExchange = Hex("""
        2d0000de6b03001d20788771ce20fc6c17e6d0d18e180690b15705d4339e655be4ad10d6d03bb6dd45020300463044022079ac075631aab2af659a2d
        2d18b1dc7cc2c4c4e20b1488570d1f64b35ea8694402205bd48f1212b2356fb08d15d050cecd0a18bac66a8e5d4802148361e60b4c77d603001d20bd
        01a343b5a6757c9c2001b82a70641ebcf1e14bb2699fc3ddd07ac982577a1502030047304502207d455dc742e29454c0200aa8946255deca1bc2f216
        328726516eefa7dbb7b933022100a25cfb86877f88e12a982c96e268bb3e2cbd16165c81b9d7b1ef66ddb76af8dd
        """);

    // R9.
    public static readonly byte[] MiddleboxHelloDone = Hex("""
        2e0000016b
        """);

    // R10.
    public static readonly byte[] ClientKeyExchange = Hex("""
        1000002120f97398be7e02319b7824cc877f75bbbc670f57c704886a1af44b89a0a1f08e7a
        """);

    // R11. KeyMaterial of the client for the middlebox.
    public static readonly byte[] ClientToMiddlebox = Hex("""
        300000866b019e4072f47cf26a8d3f2235f7d4841f92a5716c92b209b9adb3b12f0b7dea7956df74f536696f59438a273cd37ad8689fdac9adf79f86
        baee198b6c8f64a09d272298f1c1ea83bebf60d311fc39e23ca519967a8545f57a7ee5566ece6e8ad9e24e34cef2e6577064f092f972798b07c6a870
        e78fe47eef6e7e150cef34efba6932fc6923
        """);

    // R12. KeyMaterial of the client for the server.
    public static readonly byte[] ClientToServer = Hex("""
        30000096fe0137afe38e4ba58211161ae948a4b7bfa2fcdad11bdbe7254548fbaf87fd562f9f6041d6a5398f4d0467455f7134796e2548fc6f0c8056
        9f19e6a969767fa293a51b0f5304c7ee2a02579cd9ca831304192c31334a51678298a38b649e4c629496aa1e27b944382f5364b26c8d270911fa1870
        1da68957e93f5e3167b79cdbd4cb7b7d62596b25c29dfa67b8d67097993b6aa8e0d3
        """);

    // R13. KeyConfirmation of the middlebox for the server.
    public static readonly byte[] MiddleboxConfirmsToServer = Hex("""
        310000866b6b27553bbcf8ea0491ffd5316428017422d82d9a1a4f7b45073d2b90bd139e332dc1748b329b1cfd57f8c895a6da9ab591327bd03bd396
        29f58b86399deb8bd7d7e670d4c493fb636b38fa60e9fecdf3a7c31e3a3efc3556e50da9f5300f627f637904cb568849733a1cb9df7cf4e5b77516d2
        c627d849a4963a120e48668b7c9c757f2854
        """);

    // R14. KeyMaterial of the server for the middlebox.
    public static readonly byte[] ServerToMiddlebox = Hex("""
        300000866bfed3c297c4a9a8e79bf190888d30bb20a5df7480ef92e730edd2c7a0704e40ca9f0e8b2e5009131d320d91636eee0f217e4d6f5c28bbce
        0453783100e45cd19f9463a728091101834bcb4f5a7c6f30935d908af4d6bf88bf5cffe365955f1b9cb36157c6f696137199f6cfa4938006c2e4e52c
        f683667696d32ba082932c900055b4d0b074
        """);

    // R15. KeyMaterial of the server for the client.
    public static readonly byte[] ServerToClient = Hex("""
        3000009601fe6e00a321c1f76eb6a15cd8a411d9849d41751923906de9078d6eabaad0cce3f2ffd393c069387164c0af76efe2475079f4f542f2dc64
        fde70e0a355b56164cb154dbb46a1d86991eb223f8e8ca9f04cad91b42bbc5c5e760aefef6745a3514acee932908fa23c9bd127f383137eadee21013
        aeebe793ce2492713186ea803fb6b3f308190c30ac926855151ec811271018484162
        """);

    // R16. KeyConfirmation of the middlebox for the client.
    public static readonly byte[] MiddleboxConfirmsToClient = Hex("""
        310000866b6bc228d944d6104133589a7cc0f6a71bfe7589b0b81fad909d126fbda4140078b74245a48b035065f48b2891c3eccc14a95efa89f078a0
        7b18c6db02e4d0dba58546d38a584451ebe8fa51a61ec45b9d9f2f11a8afa7a6a698ad01eb94bc409bb9296be0b7b01a4351a0754069d5471077722c
        6dc6ffdd5334b15a44fce94d0032bb0a59d1
        """);

    public static readonly byte[] ClientFinished = Hex("""
        1400000c378728342ab854bbedac8332
        """);

    public static readonly byte[] ServerFinished = Hex("""
        1400000cda9b7b2da80c71fade600b02
        """);

    public static readonly byte[] MiddleboxFinishedFromClient = Hex("""
        3300000d6b4b57657dcaab4aec111dd4a4
        """);

    public static readonly byte[] ContributionsToMiddlebox = Hex("""
        004bd1a15661a1cbe287482bad8097d95010d7680c74d0f6d583e2f68855603be9de1087971474db43649f716a1bd3cf69e335011013f2ceebebb54d
        94eebd84b40d18a29d10c7af355ab243248f0c5ea6fd08c438bb0210dc508c4642025c16393bb14b48d186af00
        """);

    // B-to-A MAC, A-to-B MAC, B-to-A encryption, A-to-B encryption (handshake.md §4.5).
    public static readonly byte[] ClientServerKeys = Hex("""
        0b7aabf07b92dfc8de24b9e50d37ab71be6ef20eb92697f298cf0b1ff1e1f725691bd8680a3e0db10505649c49bf7d7798fe70db620eb84699827061
        dda33c7d
        """);

    public static readonly byte[] ClientMiddleboxKeys = Hex("""
        b99292682ab97c21f540d7b54fbc5edb872717220a67434f0fd15790acd5a334fce3490b57f21e8e67ae2f65062aa4fd595552f19b4b7ee8bae6d003
        d66e982a
        """);

    public static readonly byte[] ServerMiddleboxKeys = Hex("""
        77b23d4b60d580290f1177b7e94ed885687217151fbdc89875cba4897abc8040129f9e419833a1d9ca48e9837a0854e3ab9bb6f312cbc7dd6b6ae0d8
        76205681
        """);

    public static readonly byte[] MiddleboxToClientRandom = Hex("""
        bb8ab3c65d5721a0deaa0d1c4fc3668b29dca9d8e2f4be20e13f8eeac42c794b
        """);

    public static readonly byte[] MiddleboxToServerRandom = Hex("""
        6fc99ab2c32a819f0526ca56e24b006639d7d0eb8857ae91af51b1851e2dcb60
        """);

    public static readonly byte[] ClientRandom = Hex("""
        2247f13022d4c0293eb7925ab11398edf1a8ac9d41f75b8333a023c8add6e0b4
        """);

    public static readonly byte[] ServerRandom = Hex("""
        b2e34ffe936cb2e3f5e4bdfb617008acc19f8e7cf6829fb85cf962430ee420d6
        """);

    /// <summary>The contributions of an endpoint: synch, then reader and writer of contexts 0, 1 and 2.</summary>
    public static readonly byte[][] ClientContributions =
    [
        Hex("4bd1a15661a1cbe287482bad8097d950"),
        Hex("d7680c74d0f6d583e2f68855603be9de"),
        Hex("87971474db43649f716a1bd3cf69e335"),
        Hex("13f2ceebebb54d94eebd84b40d18a29d"),
        Hex("c7af355ab243248f0c5ea6fd08c438bb"),
        Hex("dc508c4642025c16393bb14b48d186af"),
        Hex("203be758ec4ce210427781d3c3ac6d4e"),
    ];

    public static readonly byte[][] ServerContributions =
    [
        Hex("ba8850e3d9cf48473f46248b6ef9410e"),
        Hex("380dccffbb18087013aaf36af55cda6f"),
        Hex("35a450f45500b78a4318ab73a12af7ff"),
        Hex("9aefc0e2f13a574f027e1aa10261f3d8"),
        Hex("061ec986554f1e57bff28e9d69d3427d"),
        Hex("e511181227a9568fccd3b34c59dc2ae0"),
        Hex("f0a76c8e8f1242d572e51121cc0ceb88"),
    ];

    public static byte[] Hex(string text) => Convert.FromHexString(Regex.Replace(text, @"\s", ""));
}
