using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Inspectors that change what passes: real Kestrel and HttpClient behind each, and the endpoints' own checks in force.</summary>
public class ChangeTests
{
    public static TheoryData<string, string> Shapes => new()
    {
        { "two", "1.1" }, { "four", "1.1" }, { "four+secret", "1.1" }, { "two", "2.0" }, { "four", "2.0" }, { "five", "2.0" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Fields_and_targets_of_requests_and_responses_are_changed(string profile, string version)
    {
        var inspector = new DelegateInspector
        {
            Head = message =>
            {
                if (message.Direction == HttpDirection.Request)
                {
                    message.SetTarget("/seen?by=waf");
                    message.RemoveField("x-remove");
                    message.AddField("x-added", new string('a', 300));
                }
                else
                {
                    message.SetField("x-answer", "changed");
                }

                return default;
            },
        };
        await using ChangePath path = await ChangePath.StartAsync(profile, version, inspector);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/original");
        request.Headers.Add("x-remove", "me");
        request.Headers.Add("x-keep", "me");
        request.Headers.Add("authorization", "Bearer t0ken");

        using HttpResponseMessage response = await path.SendAsync(request);

        Assert.Equal($"/seen?by=waf|x-remove=|x-keep=me|x-added={new string('a', 300)}|auth=Bearer t0ken|", await response.Content.ReadAsStringAsync());
        Assert.Equal("changed", response.Headers.GetValues("x-answer").Single());
        Assert.Equal("2", response.Headers.GetValues("x-other").Single());
        Assert.Equal("session=1", response.Headers.GetValues("set-cookie").Single());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Content_is_masked_in_its_place(string profile, string version)
    {
        await using ChangePath path = await ChangePath.StartAsync(profile, version, new DelegateInspector
        {
            Content = (_, content) =>
            {
                Assert.True(content.CanWrite);
                content.Replace(Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(content.Memory.Span).Replace('a', 'x')));
                return default;
            },
        });
        byte[] sent = [.. Enumerable.Range(0, 1_000_000).Select(i => (byte)"abc"[i % 3])];
        byte[] expected = [.. sent.Select(b => b == 'a' ? (byte)'x' : b)];

        using HttpResponseMessage response = await path.Client.PostAsync("/whole", new ByteArrayContent(sent));

        Assert.Equal(expected, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("two", "1.1")]
    [InlineData("four", "1.1")]
    [InlineData("two", "2.0")]
    [InlineData("four", "2.0")]
    [InlineData("five", "2.0")]
    public async Task Content_may_change_its_length_and_a_pattern_across_containers_is_found(string profile, string version)
    {
        await using ChangePath path = await ChangePath.StartAsync(profile, version, new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)],
            Content = (message, content) => message.Direction == HttpDirection.Response ? InspectionVerdict.Hold : default,
            End = (message, held) =>
            {
                if (message.Direction == HttpDirection.Response)
                {
                    Assert.True(held.CanResize);
                    held.Replace(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(held.Memory.Span).Replace("secret", "*", StringComparison.Ordinal)));
                }

                return default;
            },
        });

        Assert.Equal(string.Concat(Enumerable.Repeat("* word ", 500)), await path.Client.GetStringAsync("/pieces"));
        Assert.Equal("hello", await path.Client.GetStringAsync("/hello"));
        Assert.Equal(1, path.Sessions);
    }

    [Theory]
    [InlineData(0, "closed")]
    [InlineData(1, "instead")]
    public async Task Content_cannot_be_made_up_for_a_message_without_any(int length, string expected)
    {
        await using ChangePath path = await ChangePath.StartAsync("four", "1.1", new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Request, HttpRole.Content)],
            Head = message => message.Direction == HttpDirection.Request ? InspectionVerdict.Hold : default,
            Content = (message, _) => message.Direction == HttpDirection.Request ? InspectionVerdict.Hold : default,
            End = (message, held) =>
            {
                if (message.Direction == HttpDirection.Request)
                {
                    held.Replace("instead"u8.ToArray());
                }

                return default;
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/whole") { Content = new ByteArrayContent(new byte[length]) };
        request.Headers.TransferEncodingChunked = true;

        string answered;
        try
        {
            using HttpResponseMessage response = await path.SendAsync(request);
            answered = await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException)
        {
            await path.Middlebox.Logs.WaitForLineAsync("Content of 0 bytes cannot become 7: its length is fixed");
            answered = "closed";
        }

        Assert.Equal(expected, answered);
    }

    [Fact]
    public async Task Redaction_that_empties_many_containers_is_no_flood()
    {
        await using ChangePath path = await ChangePath.StartAsync("four", "1.1", new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Content)],
            Content = (message, content) =>
            {
                if (message.Direction == HttpDirection.Response)
                {
                    content.Replace(default);
                }

                return default;
            },
        });

        Assert.Equal("", await path.Client.GetStringAsync("/pieces"));
        Assert.Equal("", await path.Client.GetStringAsync("/hello"));
    }

    [Theory]
    [InlineData("1=r,2=rw", "OnHead")]
    [InlineData("1=rw,2=r", "OnContent")]
    public async Task A_change_without_the_right_to_it_ends_the_connection(string grant, string where)
    {
        await using ChangePath path = await ChangePath.StartAsync("two", "1.1", new DelegateInspector
        {
            Head = message =>
            {
                if (where == "OnHead")
                {
                    message.AddField("x", "y");
                }

                return default;
            },
            Content = (_, content) =>
            {
                content.Replace(content.Memory.ToArray());
                return default;
            },
        }, Grant.Parse(grant));

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.PostAsync("/echo", new StringContent("x")));

        await path.Middlebox.Logs.WaitForLineAsync("was not granted write access");
        Assert.Empty(path.Reached);
    }

    [Fact]
    public async Task An_inspector_whose_needs_are_not_granted_lets_nothing_pass()
    {
        await using ChangePath path = await ChangePath.StartAsync("two", "1.1", new DelegateInspector
        {
            Needs = [DelegateInspector.Writes(HttpDirection.Response, HttpRole.Head)],
        }, Grant.Parse("1=r"));

        await Assert.ThrowsAsync<HttpRequestException>(() => path.Client.GetAsync("/hello"));

        await path.Middlebox.Logs.WaitForLineAsync("DelegateInspector needs the right to write the head of responses, which was not granted");
        Assert.Empty(path.Reached);
    }
}
