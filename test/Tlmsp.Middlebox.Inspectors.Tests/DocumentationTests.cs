using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Inspectors.Tests;

/// <summary>Every sample of a configuration in the documentation can be used as it stands.</summary>
public partial class DocumentationTests
{
    private static readonly Dictionary<string, Func<IConfigurationSection, InspectorOptions>> s_read = new()
    {
        ["AccessLog"] = section => InspectorOptions.Read<AccessLogOptions>(section, null),
        ["HeaderRules"] = section => InspectorOptions.Read<HeaderRulesOptions>(section, null),
        ["BearerTokens"] = section => InspectorOptions.Read<BearerTokensOptions>(section, null),
        ["ContentScanner"] = section => InspectorOptions.Read<ContentScannerOptions>(section, null),
        ["Limits"] = section => InspectorOptions.Read<LimitsOptions>(section, null),
    };

    [Fact]
    public void Every_sample_of_a_configuration_is_valid()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root!, "docs", "inspectors.md"));
        var seen = new List<string>();
        foreach (Match sample in Sample().Matches(page))
        {
            IConfigurationRoot configuration = new ConfigurationBuilder()
                .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(sample.Groups[1].Value))).Build();
            foreach (IConfigurationSection section in configuration.GetChildren())
            {
                s_read[section.Key](section);
                seen.Add(section.Key);
            }
        }

        Assert.Equal(s_read.Keys.Order(), seen.Order());
    }

    [Fact]
    public void A_sample_with_a_mistake_would_be_noticed()
    {
        IConfigurationSection section = InspectorPath.Section("""{ "MaxRequestContents": 1 }""");

        Assert.Throws<InvalidOperationException>(() => s_read["Limits"](section));
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();
}
