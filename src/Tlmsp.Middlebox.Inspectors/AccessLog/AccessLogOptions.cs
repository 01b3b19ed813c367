using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Middlebox.Inspectors;

/// <summary>What the access log holds beyond method, target, status, sizes and duration.</summary>
public sealed class AccessLogOptions : InspectorOptions
{
    /// <summary>Whether targets are logged with their query, which often holds what nobody should read. Default false.</summary>
    public bool IncludeQuery { get; set; }

    /// <summary>Fields of requests whose values are logged. Default none.</summary>
    public IList<string> RequestFields { get; } = [];

    /// <summary>Fields of responses whose values are logged. Default none.</summary>
    public IList<string> ResponseFields { get; } = [];

    internal override void Check(ICollection<string> problems)
    {
        foreach (string name in RequestFields.Concat(ResponseFields))
        {
            if (!IsFieldName(name))
            {
                problems.Add($"'{name}' is no field name. Write one such as User-Agent.");
            }
        }
    }

    internal static bool IsFieldName(string? name) =>
        !string.IsNullOrEmpty(name) && name.All(char.IsAscii) && HttpSyntax.IsToken(Encoding.ASCII.GetBytes(name));
}
