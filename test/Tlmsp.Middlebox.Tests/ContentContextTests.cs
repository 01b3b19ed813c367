using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>Inspectors where content travels in contexts by name: what they may do is said message by message.</summary>
public class ContentContextTests
{
    private static readonly HttpProfile s_profile = HttpProfile.Four.WithContent("pii");

    [Theory]
    [InlineData("1.1", "req-head=r,resp-head=r,content:pii=r", "/customers Read False|/customers None True|/customers Read False")]
    [InlineData("2.0", "req-head=r,resp-head=r,content:pii=r", "/customers Read False|/customers None True|/customers Read False")]
    [InlineData("1.1", "req-head=r,req-body=r,resp-head=r", "/customers None True|/customers Read False|/customers None True")]
    [InlineData("2.0", "req-head=r,req-body=r,resp-head=r", "/customers None True|/customers Read False|/customers None True")]
    [InlineData("1.1", "req-head=r,content:pii=rw,req-body=r", "/customers Write False|/customers Read False|/customers Write False")]
    public async Task Rights_to_content_are_those_of_the_message(string version, string grant, string expected)
    {
        var inspector = new RightsInspector();
        await using TestServer server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Profiles = [s_profile];
                tlmsp.Middleboxes.Policy = _ => null;
            },
            app => app.MapPost("/customers", (HttpContext context) => context.Request.Body.CopyToAsync(Stream.Null)));
        await using TestMiddlebox middlebox = await TestMiddlebox.StartAsync(server.Address, inspector: inspector);
        using HttpClient client = server.Client(tlmsp =>
        {
            tlmsp.Profile = s_profile;
            tlmsp.Middleboxes.Add(middlebox.Address, s_profile.ParseGrant(grant));
        });

        foreach (string? name in (string?[])["pii", null, "pii"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/customers")
            {
                Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StringContent("x"),
            };
            using HttpResponseMessage response = await client.SendAsync(request.SetTlmspContent(name));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(expected, string.Join('|', inspector.Requests));
    }

    private sealed class RightsInspector : ITlmspInspector
    {
        public List<string> Requests { get; } = [];

        public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken)
        {
            if (message.Direction == HttpDirection.Request)
            {
                lock (Requests)
                {
                    Requests.Add($"{message.Head!.Target} {message.Rights.Content} {message.ContentPart.IsSealed}");
                }
            }

            return default;
        }
    }
}
