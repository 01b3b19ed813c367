using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Browser.Tests;

/// <summary>HttpClient, a box that reads heads, a box that reads content, Kestrel; each box with a live page. Profile four.</summary>
internal sealed class ShownPath : IAsyncDisposable
{
    private readonly TestServer _server;
    private readonly TestMiddlebox _headBox;
    private readonly TestMiddlebox _bodyBox;
    private readonly int[] _ports;
    private readonly List<string> _complaints = [];

    private ShownPath(TestServer server, TestMiddlebox headBox, TestMiddlebox bodyBox, int[] ports)
    {
        _server = server;
        _headBox = headBox;
        _bodyBox = bodyBox;
        _ports = ports;
        Client = server.Client(tlmsp =>
        {
            tlmsp.Profile = HttpProfile.Four;
            tlmsp.Middleboxes.Add(headBox.Address, HttpContexts.ParseGrant("req-head=r,resp-head=r"));
            tlmsp.Middleboxes.Add(bodyBox.Address, HttpContexts.ParseGrant("req-body=r,resp-body=rw"));
        });
    }

    public HttpClient Client { get; }

    public string HeadBoxAddress => _headBox.Address;

    public string BodyBoxAddress => _bodyBox.Address;

    public Uri HeadBoxPage => new($"http://127.0.0.1:{_ports[0]}/");

    public Uri BodyBoxPage => new($"http://127.0.0.1:{_ports[1]}/");

    /// <summary>What browsers logged as errors, breaches of the content security policy among it.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<ShownPath> StartAsync(bool showContent = true)
    {
        TestServer server = await TestServer.StartAsync(tlmsp => tlmsp.Middleboxes.Policy = _ => null, map: Map);
        int[] ports = [TestMiddlebox.FreePort(), TestMiddlebox.FreePort()];
        TestMiddlebox bodyBox = await TestMiddlebox.StartAsync(server.Address, inspect: false, building: box => Add(box, ports[1]));
        TestMiddlebox headBox = await TestMiddlebox.StartAsync(
            new Uri(bodyBox.Address), inspect: false, building: box => Add(box, ports[0]));
        return new ShownPath(server, headBox, bodyBox, ports);

        void Add(ITlmspMiddleboxBuilder box, int port) => box.AddAdminPage(page =>
        {
            page.Port = port;
            page.ShowContent = showContent;
        });
    }

    /// <summary>Some requests such as an application makes.</summary>
    public async Task UseAsync()
    {
        using var order = new HttpRequestMessage(HttpMethod.Post, "/orders?expand=items")
        {
            Content = new StringContent("""{"article":"left-handed screwdriver","quantity":3}""", null, "application/json"),
        };
        order.Headers.Authorization = new("Bearer", "very-secret-token");
        order.Headers.Add("Accept-Language", "en");
        using HttpResponseMessage created = await Client.SendAsync(order);
        created.EnsureSuccessStatusCode();
        await created.Content.ReadAsStringAsync();
        await Client.GetStringAsync("/hello");
        using HttpResponseMessage missing = await Client.GetAsync("/orders/404");
        await missing.Content.ReadAsStringAsync();
    }

    /// <summary>Opens a page in a browser context of its own.</summary>
    public async Task<IPage> OpenAsync(IBrowser browser, Uri address, BrowserNewContextOptions? options = null)
    {
        IPage page = await browser.NewPageAsync(new BrowserNewPageOptions
        {
            ColorScheme = options?.ColorScheme,
            ViewportSize = options?.ViewportSize ?? new ViewportSize { Width = 1280, Height = 900 },
            ReducedMotion = ReducedMotion.Reduce,
        });
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
        await page.GotoAsync(address.ToString());
        await Assertions.Expect(page.Locator("#connection")).ToHaveTextAsync("live");
        return page;
    }

    /// <summary>The rows of messages with so much content.</summary>
    public static ILocator WithContent(IPage page, string size) => page.Locator("#rows tr").Filter(new LocatorFilterOptions
    {
        Has = page.Locator("td.size", new PageLocatorOptions { HasTextRegex = new Regex($"^{size}(, not kept)?$") }),
    });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _headBox.DisposeAsync();
        await _bodyBox.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static void Map(WebApplication app)
    {
        app.MapPost("/orders", async (HttpContext context) =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.Headers.SetCookie = "session=not-for-everybody";
            context.Response.StatusCode = StatusCodes.Status201Created;
            await context.Response.WriteAsync("""{"id":7}""");
        });
        app.MapGet("/mark", (HttpContext context) =>
        {
            context.Response.Headers["X-Mark"] = Marks.Field;
            return Results.Text(Marks.Content, "text/html");
        });
    }
}

/// <summary>Markup that would run a script if anything took it for markup.</summary>
internal static class Marks
{
    public const string Field = "<img src=x onerror=\"window.pwned='field'\">";
    public const string Content = "<script>window.pwned='content'</script><svg onload=\"window.pwned='svg'\"></svg>";
}
