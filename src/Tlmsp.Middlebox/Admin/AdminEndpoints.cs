using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Tlmsp.Middlebox.Admin;

/// <summary>The page, its script and style, and what it asks for. Everything is read-only.</summary>
internal sealed class AdminEndpoints(AdminPageOptions options, LiveFeed feed, AdminEvents events)
{
    /// <summary>Nothing but the page's own script and style; and no string becomes markup or script.</summary>
    private const string ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly Dictionary<string, (string Type, byte[] Bytes)> s_files = new()
    {
        ["/"] = ("text/html; charset=utf-8", Load("live.html")),
        ["/live.css"] = ("text/css; charset=utf-8", Load("live.css")),
        ["/live.js"] = ("text/javascript; charset=utf-8", Load("live.js")),
    };

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        HttpRequest request = context.Request;
        string path = request.Path.Value ?? "";
        if (!IsKnownHost(request.Host.Host))
        {
            return RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "This page is not known under that name: see HostNames.");
        }

        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            headers.Allow = "GET, HEAD";
            return RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "This page is read-only.");
        }

        if (s_files.TryGetValue(path, out (string Type, byte[] Bytes) file))
        {
            return WriteAsync(context, file.Type, file.Bytes);
        }

        if (path == "/favicon.ico")
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        // Browsers say so themselves when a script of another site asks.
        if (request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
        {
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "Other sites may not ask.");
        }

        return path switch
        {
            "/api/paths" => JsonAsync(context, feed.Overview()),
            "/api/throughput" => JsonAsync(context, feed.Throughput()),
            "/api/messages" => TryNumber(request.Query["after"].ToString(), out long after)
                ? JsonAsync(context, feed.Messages(after))
                : RefuseAsync(context, StatusCodes.Status400BadRequest, "'after' is a number, 0 or more."),
            "/api/events" => EventsAsync(context),
            _ => path.StartsWith("/api/messages/", StringComparison.Ordinal)
                && TryNumber(path["/api/messages/".Length..], out long number) && feed.Message(number) is { } message
                ? JsonAsync(context, message)
                : RefuseAsync(context, StatusCodes.Status404NotFound, "There is nothing here."),
        };
    }

    private Task EventsAsync(HttpContext context)
    {
        // A browser that reconnects says what it has seen.
        string seen = context.Request.Headers["Last-Event-ID"].ToString();
        return HttpMethods.IsGet(context.Request.Method) && TryNumber(seen, out long after)
            ? events.SendAsync(context, after)
            : RefuseAsync(context, StatusCodes.Status400BadRequest, "GET, with a Last-Event-ID that is a number.");
    }

    private bool IsKnownHost(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || options.HostNames.Contains(host)
        || (IPAddress.TryParse(host, out IPAddress? address) && IsOwn(address));

    /// <summary>Addresses resolve to nothing else, so where the page is on every interface any of them will do.</summary>
    private bool IsOwn(IPAddress address) => IPAddress.IsLoopback(address) || address.Equals(options.Address)
        || options.Address.Equals(IPAddress.Any) || options.Address.Equals(IPAddress.IPv6Any);

    private static bool TryNumber(string text, out long number)
    {
        number = 0;
        return text.Length == 0 || long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static Task JsonAsync<T>(HttpContext context, T value) =>
        WriteAsync(context, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, Json));

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, "text/plain; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(reason + "\n"));
    }

    private static async Task WriteAsync(HttpContext context, string type, byte[] bytes)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static byte[] Load(string name)
    {
        using Stream stream = typeof(AdminEndpoints).Assembly.GetManifestResourceStream("Tlmsp.Middlebox.Admin." + name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
