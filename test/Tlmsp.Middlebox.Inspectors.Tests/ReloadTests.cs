using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>What a section of an inspector is changed to counts for connections that begin after that, if it can be used.</summary>
public class ReloadTests
{
    /// <summary>Of each inspector: what does not change, what does, what that shows, and what cannot be used.</summary>
    public static TheoryData<string, string, string, (string Value, string Shows)[], string> Sections => new()
    {
        {
            "HeaderRules", "Rules:0:Action=Set;Rules:0:Field=X-Set", "Rules:0:Value",
            [("first", "set=first added="), ("second", "set=second added=")], "line\nbreak"
        },
        { "Limits", "OnDeny=Respond", "MaxRequestContent", [("9", "RequestEntityTooLarge"), ("10", "alpha beta")], "many" },
        { "ContentScanner", "Action=Redact;Patterns:0:Name=word", "Patterns:0:Literal", [("alpha", "***** beta"), ("beta", "alpha ****")], "" },
    };

    [Theory]
    [MemberData(nameof(Sections))]
    public async Task A_change_counts_for_new_connections_and_one_that_cannot_be_used_is_logged(
        string inspector, string settings, string key, (string Value, string Shows)[] steps, string unusable)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Split(';').Append(
            $"{key}={steps[0].Value}")
            .Select(each => KeyValuePair.Create($"{inspector}:{each.Split('=')[0]}", (string?)each.Split('=')[1]))).Build();
        await using InspectorPath path = await InspectorPath.StartAsync(
            "four", "1.1", box => Add(box, configuration.GetSection(inspector)));
        Assert.Equal(steps[0].Shows, await ShowAsync(path.Client, inspector));

        Change(steps[1].Value);

        Assert.Equal(steps[0].Shows, await ShowAsync(path.Client, inspector));
        Assert.Equal(1, path.Sessions);
        Assert.Equal(steps[1].Shows, await ShowAsync(path.Connect(), inspector));
        await path.Middlebox.Logs.WaitForLineAsync($"The configuration section {inspector} was read again; new connections use it.");

        Change(unusable);

        await path.Middlebox.Logs.WaitForLineAsync(
            $"The configuration section {inspector} has changed and cannot be used; the one before stays.");
        Assert.Equal(steps[1].Shows, await ShowAsync(path.Connect(), inspector));
        Assert.Equal(steps[0].Shows, await ShowAsync(path.Client, inspector));
        Assert.Equal(3, path.Sessions);

        void Change(string value)
        {
            configuration[$"{inspector}:{key}"] = value;
            configuration.Reload();
        }
    }

    [Fact]
    public async Task Who_asks_for_fields_in_the_access_log_gets_them_of_new_connections()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection([new("AccessLog:IncludeQuery", "false")]).Build();
        await using InspectorPath path = await InspectorPath.StartAsync(
            "two", "1.1", box => box.AddAccessLog(configuration.GetSection("AccessLog")));
        await path.Client.GetStringAsync("/hello?first");

        configuration["AccessLog:IncludeQuery"] = "true";
        configuration.Reload();
        await path.Client.GetStringAsync("/hello?second");
        await path.Connect().GetStringAsync("/hello?third");

        await path.Middlebox.Logs.WaitForLineAsync("GET /hello?third 200");
        Assert.DoesNotContain(path.Middlebox.Logs.Lines, line => line.Contains("?first", StringComparison.Ordinal));
        Assert.DoesNotContain(path.Middlebox.Logs.Lines, line => line.Contains("?second", StringComparison.Ordinal));
    }

    private static void Add(ITlmspMiddleboxBuilder box, IConfiguration section) => _ = ((IConfigurationSection)section).Key switch
    {
        "HeaderRules" => box.AddHeaderRules(section),
        "Limits" => box.AddLimits(section),
        _ => box.AddContentScanner(section),
    };

    /// <summary>What a client notices of the settings.</summary>
    private static async Task<string> ShowAsync(HttpClient client, string inspector)
    {
        if (inspector == "HeaderRules")
        {
            return (await client.GetStringAsync("/seen")).Split("remove= ")[1];
        }

        using HttpResponseMessage response = await client.PostAsync("/whole", new StringContent("alpha beta"));
        return response.StatusCode == HttpStatusCode.OK ? await response.Content.ReadAsStringAsync() : response.StatusCode.ToString();
    }
}
