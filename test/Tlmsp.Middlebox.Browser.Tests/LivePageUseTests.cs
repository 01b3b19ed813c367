using Microsoft.Playwright;
using Tlmsp.TestSupport;
using static Microsoft.Playwright.Assertions;

namespace Tlmsp.Middlebox.Browser.Tests;

/// <summary>Hostile content, keyboards, colours and narrow screens.</summary>
[Collection(ChromiumTests.Name)]
public class LivePageUseTests(Chromium chromium)
{
    [BrowserFact]
    public async Task Markup_in_messages_stays_text()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/mark?<img/src=x/onerror=window.pwned=1>");
        request.Headers.Add("X-Mark", Marks.Field);
        using HttpResponseMessage response = await path.Client.SendAsync(request);
        Assert.Equal(Marks.Content, await response.Content.ReadAsStringAsync());

        IPage heads = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);
        await heads.Locator("#rows tr", new() { HasText = "GET /mark" }).ClickAsync();
        await Expect(heads.Locator("#detail tr", new() { HasText = "X-Mark" }).Locator("td")).ToHaveTextAsync(Marks.Field);
        IPage contents = await path.OpenAsync(chromium.Browser, path.BodyBoxPage);
        await contents.Locator("#rows tr", new() { HasText = "response" }).ClickAsync();
        await Expect(contents.Locator("#detail pre")).ToContainTextAsync(Marks.Content);    // between the framing of chunks

        foreach (IPage page in (IPage[])[heads, contents])
        {
            Assert.Null(await page.EvaluateAsync<string?>("window.pwned ?? null"));
            Assert.Equal(0, await page.Locator("main img, main script, main svg[onload]").CountAsync());
        }

        Assert.Empty(path.Complaints);
    }

    [BrowserFact]
    public async Task The_policy_of_the_page_stops_inline_script_and_markup_from_strings()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);

        (string Script, string Refused)[] attempts =
        [
            ("document.body.innerHTML = '<b>x</b>'", "TrustedHTML"),
            ("document.body.setAttribute('onclick', 'window.pwned = 1')", "TrustedScript"),
            ("const s = document.createElement('script'); s.text = 'window.pwned = 1'; document.body.append(s)", "TrustedScript"),
            ("fetch('http://localhost:9/')", "Failed to fetch"),
        ];
        foreach ((string script, string refused) in attempts)
        {
            PlaywrightException e = await Assert.ThrowsAsync<PlaywrightException>(() => page.EvaluateAsync(script));
            Assert.Contains(refused, e.Message, StringComparison.Ordinal);
        }

        Assert.Null(await page.EvaluateAsync<string?>("window.pwned ?? null"));
        Assert.Contains(path.Complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    [BrowserFact]
    public async Task Everything_works_with_a_keyboard()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        await path.UseAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);
        await Expect(page.Locator("#rows tr")).ToHaveCountAsync(6);
        Assert.Equal("polite", await page.Locator("#status").GetAttributeAsync("aria-live"));
        await Expect(page.Locator("#status")).ToHaveTextAsync("6 new messages.");

        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator(".skip")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator("#filter")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator("#pause")).ToBeFocusedAsync();
        Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await page.Keyboard.PressAsync("Space");
        await Expect(page.Locator("#pause")).ToHaveAttributeAsync("aria-pressed", "true");
        await page.Keyboard.PressAsync("Space");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator("#rows tr").First.Locator("button")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("End");
        await Expect(page.Locator("#rows tr").Last.Locator("button")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#rows tr").Nth(4).Locator("button")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(page.Locator("#detail .start")).ToHaveTextAsync("HTTP/1.1 201 Created");
        await Expect(page.Locator("#status")).ToHaveTextAsync("Message 2 is shown.");
    }

    [BrowserFact]
    public async Task The_page_follows_the_colour_scheme_and_its_text_can_be_read_in_both()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        await path.UseAsync();
        var backgrounds = new List<string>();
        foreach (ColorScheme scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage, new() { ColorScheme = scheme });
            await page.Locator("#rows tr", new() { HasText = "POST" }).ClickAsync();
            await Expect(page.Locator("#detail .masked")).ToBeVisibleAsync();
            backgrounds.Add(await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
            string[] faint = await page.EvaluateAsync<string[]>(Contrast.Script);
            Assert.Empty(faint);
        }

        Assert.NotEqual(backgrounds[0], backgrounds[1]);
    }

    [BrowserFact]
    public async Task The_page_fits_360_pixels()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        await path.UseAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage, new() { ViewportSize = new() { Width = 360, Height = 740 } });
        await page.Locator("#rows tr", new() { HasText = "POST" }).ClickAsync();
        await Expect(page.Locator("#detail .sealed.block")).ToBeVisibleAsync();

        int width = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        string[] outside = await page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('header *, main *')].filter(node => !node.closest('.picture, .scroll, .hidden, thead'))"
            + ".filter(node => node.getBoundingClientRect().right > 360.5)"
            + ".map(node => node.tagName + '#' + node.id + '.' + node.className)");

        Assert.Equal(360, width);
        Assert.Empty(outside);
    }

    /// <summary>Draws the pictures of the documentation where TLMSP_SCREENSHOTS names their folder, else elsewhere.</summary>
    [BrowserFact]
    public async Task Screenshots_are_small()
    {
        string folder = Environment.GetEnvironmentVariable("TLMSP_SCREENSHOTS") ?? Directory.CreateTempSubdirectory("live-page").FullName;
        await using ShownPath path = await ShownPath.StartAsync();
        bool isForShow = Environment.GetEnvironmentVariable("TLMSP_SCREENSHOTS") is not null;
        for (int i = 0; i < (isForShow ? 120 : 3); i++)
        {
            await path.UseAsync();
            await Task.Delay(isForShow ? 200 + (int)(200 * Math.Sin(i / 9.0)) : 0);     // some waves in the plots
        }

        await Draw("light", path.HeadBoxPage, ColorScheme.Light, 1280, 960, page => page.Locator("#rows tr", new() { HasText = "POST" }));
        await Draw("dark", path.BodyBoxPage, ColorScheme.Dark, 1280, 960, page => ShownPath.WithContent(page, "50 B"));
        await Draw("narrow", path.HeadBoxPage, ColorScheme.Light, 360, 1500, page => page.Locator("#rows tr", new() { HasText = "POST" }));

        async Task Draw(string name, Uri address, ColorScheme scheme, int width, int height, Func<IPage, ILocator> message)
        {
            IPage page = await path.OpenAsync(
                chromium.Browser, address, new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });
            await message(page).First.ClickAsync();
            await Expect(page.Locator("#detail .sealed.block")).ToBeVisibleAsync();
            await page.EvaluateAsync("window.scrollTo(0, 0)");
            string file = Path.Combine(folder, $"live-page-{name}.png");
            await page.ScreenshotAsync(new() { Path = file });
            Assert.InRange(new FileInfo(file).Length, 20_000, 200_000);
        }
    }
}
