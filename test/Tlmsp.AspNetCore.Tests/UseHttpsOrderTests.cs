using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>UseHttps and UseTlmsp on one endpoint.</summary>
public class UseHttpsOrderTests
{
    [Fact]
    public async Task UseHttps_before_UseTlmsp_ends_connections_with_a_line_that_says_how_to_fix_it()
    {
        await using TestServer server = await TestServer.StartAsync(listening: listen => listen.UseHttps(TestCertificates.Leaf()));
        using Socket socket = await TlmspPeer.DialAsync(server.Address);
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");

        int count = 0;
        Exception? e = await Record.ExceptionAsync(async () => count = await tls.ReadAsync(new byte[100]));

        Assert.True(e is IOException or null, e?.ToString());
        Assert.Equal(0, count);
        string line = await server.Logs.WaitForLineAsync("was called before UseTlmsp()");
        Assert.StartsWith("Error:", line, StringComparison.Ordinal);
        Assert.Contains("Remove it, or call it after UseTlmsp()", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UseTlmsp_twice_is_refused_in_the_same_way()
    {
        await using TestServer server = await TestServer.StartAsync(
            listening: listen => listen.UseTlmsp(TestCertificates.Leaf(), tlmsp => tlmsp.Trust.CustomRootTrust.Add(TestCertificates.Root)));
        using HttpClient client = server.Client();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/hello"));

        await server.Logs.WaitForLineAsync("(or another UseTlmsp()) was called before UseTlmsp()");
    }

    [Fact]
    public async Task UseHttps_after_UseTlmsp_steps_aside()
    {
        await using TestServer server = await TestServer.StartAsync(listened: listen => listen.UseHttps(TestCertificates.Leaf()));
        using HttpClient client = server.Client();

        Assert.StartsWith("https HTTP/1.1 TLS_ECDHE", await client.GetStringAsync("/info"), StringComparison.Ordinal);
    }
}
