using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tlmsp.Middlebox.Browser.Tests;

/// <summary>What the live pages of the two boxes show of the same messages, and what they draw as sealed.</summary>
[Collection(ChromiumTests.Name)]
public class LivePageTests(Chromium chromium)
{
    [BrowserFact]
    public async Task The_box_with_heads_shows_heads_and_draws_content_as_sealed()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);

        await path.UseAsync();

        await Expect(page.Locator("#address")).ToHaveTextAsync(path.HeadBoxAddress);
        ILocator posted = page.Locator("#rows tr", new() { HasText = "POST /orders?expand=items" });
        await Expect(posted.Locator(".sealed")).ToHaveTextAsync("sealed · 50 B");
        await Expect(page.Locator("#rows tr", new() { HasText = "201 Created" }).Locator(".sealed")).ToHaveCountAsync(1);
        await Expect(page.Locator("#rows tr", new() { HasText = "404 Not Found" })).ToHaveCountAsync(1);
        await posted.ClickAsync();

        ILocator detail = page.Locator("#detail");
        await Expect(detail.Locator("tr", new() { HasText = "Accept-Language" }).Locator("td")).ToHaveTextAsync("en");
        await Expect(detail.Locator("tr", new() { HasText = "Authorization" }).Locator(".masked"))
            .ToHaveTextAsync("•••••• masked, 24 characters");
        await Expect(detail.Locator(".sealed.block")).ToHaveTextAsync("sealed · 50 B · no right to read req-body");
        await Expect(detail.Locator("pre")).ToHaveCountAsync(0);
        string all = await page.ContentAsync();
        Assert.DoesNotContain("very-secret-token", all, StringComparison.Ordinal);
        Assert.DoesNotContain("not-for-everybody", all, StringComparison.Ordinal);
        Assert.DoesNotContain("screwdriver", all, StringComparison.Ordinal);
        Assert.Empty(path.Complaints);
    }

    [BrowserFact]
    public async Task The_box_with_content_shows_content_and_draws_heads_as_sealed()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.BodyBoxPage);

        await path.UseAsync();

        await Expect(page.Locator("#rows tr .message .sealed").First).ToContainTextAsync("sealed · ");
        ILocator posted = ShownPath.WithContent(page, "50 B");
        await Expect(posted).ToHaveCountAsync(1);
        await posted.ClickAsync();

        ILocator detail = page.Locator("#detail");
        await Expect(detail.Locator("pre")).ToHaveTextAsync("""{"article":"left-handed screwdriver","quantity":3}""");
        await Expect(detail.Locator(".sealed.block")).ToContainTextAsync("no right to read req-head");
        await Expect(detail.Locator(".fields")).ToHaveCountAsync(0);
        string all = await page.ContentAsync();
        Assert.DoesNotContain("/orders?", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Accept-Language", all, StringComparison.Ordinal);
        Assert.Empty(path.Complaints);
    }

    [BrowserFact]
    public async Task The_picture_and_its_table_tell_the_same_grants()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        await path.UseAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.BodyBoxPage);

        await Expect(page.Locator("#picture svg")).ToHaveCountAsync(1);
        Assert.Equal(2 * 4, await page.Locator("#picture rect.end").CountAsync());
        Assert.Equal(4, await page.Locator("#picture rect.none").CountAsync());
        Assert.Equal(3, await page.Locator("#picture rect.r").CountAsync());
        Assert.Equal(1, await page.Locator("#picture rect.rw").CountAsync());
        Assert.Equal(1, await page.Locator("#picture rect.frame.this").CountAsync());
        await Expect(page.Locator("#boxes li").Nth(1)).ToHaveTextAsync($"Box 2: {path.BodyBoxAddress}, this middlebox");
        await page.Locator("summary").ClickAsync();
        await Expect(page.Locator("#grants tbody tr")).ToHaveTextAsync(
        [
            "req-head" + "r: read" + "sealed",
            "req-body" + "sealed" + "r: read",
            "resp-head" + "r: read" + "sealed",
            "resp-body" + "sealed" + "rw: read and change",
        ]);
        Assert.Equal(
            "From client to server: box 1 req-head read, req-body sealed, resp-head read, resp-body sealed; "
                + "box 2 req-head sealed, req-body read, resp-head sealed, resp-body read and change.",
            await page.Locator("#picture svg title").TextContentAsync());
    }

    [BrowserFact]
    public async Task Content_that_is_not_kept_is_not_drawn_as_sealed()
    {
        await using ShownPath path = await ShownPath.StartAsync(showContent: false);
        await path.UseAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.BodyBoxPage);

        ILocator posted = ShownPath.WithContent(page, "50 B");
        await Expect(posted.Locator(".not-kept")).ToHaveTextAsync("50 B, not kept");
        await posted.ClickAsync();

        await Expect(page.Locator("#detail .not-kept")).ToContainTextAsync("not kept · 50 B");
        await Expect(page.Locator("#detail .sealed.block")).ToHaveCountAsync(1);     // the head
        await Expect(page.Locator("#detail pre")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task Throughput_is_drawn_per_context()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);
        await Expect(page.Locator("#no-throughput")).ToBeVisibleAsync();

        await path.UseAsync();

        await Expect(page.Locator("#plots .context")).ToHaveTextAsync(["req-body", "req-head", "resp-body", "resp-head"]);
        await Expect(page.Locator("#plots li").First.Locator("title")).ToContainTextAsync("50 B in 2 minutes");
        await Expect(page.Locator("#plots li path").First).ToHaveAttributeAsync("d", new System.Text.RegularExpressions.Regex(@" 3\.00L"));
        await Expect(page.Locator("#no-throughput")).ToBeHiddenAsync();
    }

    [BrowserFact]
    public async Task Messages_stream_in_and_wait_while_paused_and_a_filter_chooses_among_them()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);
        await path.Client.GetStringAsync("/hello?first");
        await Expect(page.Locator("#rows tr")).ToHaveCountAsync(2);

        await page.Locator("#pause").ClickAsync();
        await path.Client.GetStringAsync("/hello?second");
        await Expect(page.Locator("#pause")).ToContainTextAsync("waiting");
        await Expect(page.Locator("#rows tr")).ToHaveCountAsync(2);
        await page.Locator("#pause").ClickAsync();
        await Expect(page.Locator("#rows tr")).ToHaveCountAsync(4);
        await Expect(page.Locator("#rows tr").Nth(1)).ToContainTextAsync("GET /hello?second");

        await page.Locator("#filter").FillAsync("get first");
        await Expect(page.Locator("#rows tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("#rows tr")).ToContainTextAsync("GET /hello?first");
        await page.Locator("#filter").FillAsync("nothing like it");
        await Expect(page.Locator("#no-message")).ToHaveTextAsync("No message fits the filter.");
    }

    [BrowserFact]
    public async Task A_page_goes_on_when_the_path_has_ended()
    {
        await using ShownPath path = await ShownPath.StartAsync();
        await path.UseAsync();
        IPage page = await path.OpenAsync(chromium.Browser, path.HeadBoxPage);
        await Expect(page.Locator("#open")).ToHaveTextAsync("1");

        path.Client.Dispose();

        await Expect(page.Locator("#open")).ToHaveTextAsync("0", new() { Timeout = 30_000 });
        await Expect(page.Locator("#paths button")).ToHaveTextAsync("1 · localhost (closed)");
        await Expect(page.Locator("#picture rect.r")).ToHaveCountAsync(3);
    }
}
