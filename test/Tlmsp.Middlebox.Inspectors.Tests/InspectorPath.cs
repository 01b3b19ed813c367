using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>A path whose middlebox has ready inspectors.</summary>
internal sealed class InspectorPath : MiddleboxPath
{
    public const string Card = "4111 1111-1111 1111";

    private InspectorPath()
    {
    }

    public static Task<InspectorPath> StartAsync(
        string profile, string version, Action<ITlmspMiddleboxBuilder> building, string? grant = null) => StartAsync(
        new InspectorPath(), profile, version, grant is null ? null : HttpContexts.ParseGrant(grant),
        address => TestMiddlebox.StartAsync(address, inspect: false, building: building));

    /// <summary>The middlebox ends the connection, and its log says why.</summary>
    public async Task AssertClosedAsync(Func<Task<HttpResponseMessage>> send, string reason)
    {
        await Assert.ThrowsAsync<HttpRequestException>(async () => (await send()).Dispose());
        await Middlebox.Logs.WaitForLineAsync(reason);
    }

    /// <summary>A section as it would be in appsettings.json.</summary>
    public static IConfigurationSection Section(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "It": {{json}} }"""))).Build().GetSection("It");

    /// <summary>The card number as <c>/encoded</c> and <c>/negotiated</c> send it.</summary>
    public static byte[] Encode(string coding)
    {
        byte[] text = Encoding.ASCII.GetBytes(Card);
        using var encoded = new MemoryStream();
        switch (coding)
        {
            case "gzip":
                using (var gzip = new GZipStream(encoded, CompressionLevel.Fastest, leaveOpen: true))
                {
                    gzip.Write(text);
                }

                break;
            case "br":
                using (var brotli = new BrotliStream(encoded, CompressionLevel.Optimal, leaveOpen: true))
                {
                    // One alone would be stored as it is.
                    Enumerable.Repeat(text, 20).ToList().ForEach(each => brotli.Write(each));
                }

                break;
            case "zstd":
                // One segment, one raw block, the last (RFC 8878 §3.1.1).
                encoded.Write([0x28, 0xb5, 0x2f, 0xfd, 0x20, (byte)text.Length, (byte)((text.Length << 3) | 1), 0, 0, .. text]);
                break;
            default:
                encoded.Write(text);
                break;
        }

        return encoded.ToArray();
    }

    protected override void Map(WebApplication app)
    {
        app.MapGet("/seen", (HttpContext context) =>
        {
            IHeaderDictionary fields = context.Request.Headers;
            context.Response.Headers["x-internal"] = "1";
            return $"keep={fields["x-keep"]} remove={fields["x-remove"]} set={fields["x-set"]} added={fields["x-added"]}";
        });
        app.MapGet("/card", async (HttpContext context, int cut) =>
        {
            // Each part is a chunk of its own; without Content-Length.
            string text = $"card {Card} end";
            await context.Response.WriteAsync(text[..cut]);
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync(text[cut..]);
        });
        app.MapGet("/negotiated", async (HttpContext context) =>
        {
            string coding = context.Request.Headers.AcceptEncoding.Count > 0 ? "br" : "identity";
            context.Response.Headers.ContentEncoding = coding;
            await context.Response.Body.WriteAsync(Encode(coding));
        });
        app.MapGet("/encoded", async (HttpContext context, string coding, bool hidden) =>
        {
            if (!hidden)
            {
                context.Response.Headers.ContentEncoding = coding;
            }

            await context.Response.Body.WriteAsync(Encode(coding));
        });
    }
}
