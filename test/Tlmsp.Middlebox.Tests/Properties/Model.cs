using Tlmsp.Http;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>What inspectors make of a message, without containers, chunks, frames or time.</summary>
internal static class Model
{
    private static readonly string[] s_sensitive = ["cookie", "authorization", "set-cookie"];

    /// <param name="sending">What was sent.</param>
    /// <param name="plans">What each inspector does, in order.</param>
    /// <param name="profile">Puts sensitive fields last where they have a context.</param>
    /// <param name="mayResize">Whether an inspector says that it writes content.</param>
    public static Message Expect(Sending sending, IReadOnlyList<Plan> plans, HttpProfile profile, bool mayResize)
    {
        Message message = sending.Message;
        List<(string Name, string Value)> fields = [.. message.Fields];
        string start = message.Start;
        byte[] content = message.Content;
        bool isHttp2 = profile.Version == HttpWireVersion.Http2;
        for (int i = 0; i < plans.Count; i++)
        {
            switch (plans[i].Head)
            {
                case HeadChange.SetField:
                    Set(fields, "x-set", $"by {i}");
                    break;
                case HeadChange.SetSecret:
                    Set(fields, "cookie", $"by {i}");
                    break;
                case HeadChange.AddField:
                    fields.Add(("x-added", $"by {i}"));
                    break;
                case HeadChange.RemoveField:
                    fields.RemoveAll(field => field.Name == "x-remove");
                    break;
                case HeadChange.SetTarget when message.Id![0] == 'q':
                    string[] parts = start.Split(' ');
                    start = string.Join(' ', [parts[0], $"/by/{i}", .. parts[2..]]);
                    break;
            }

            bool resizes = mayResize && (profile.Version == HttpWireVersion.Http2 ? plans[i].HoldsContent == Plan.UntilTheEnd : sending.IsChunked);
            content = plans[i].Apply(content, resizes);
        }

        bool areApart = profile.Has(HttpRole.Secret);
        return message with
        {
            Start = start,
            Fields = [.. fields.Where(field => !areApart || !IsSensitive(field)), .. fields.Where(field => areApart && IsSensitive(field))],
            Content = content,
        };
    }

    private static bool IsSensitive((string Name, string Value) field) => s_sensitive.Contains(field.Name);

    private static void Set(List<(string Name, string Value)> fields, string name, string value)
    {
        int at = fields.FindIndex(field => field.Name == name);
        fields.RemoveAll(field => field.Name == name);
        fields.Insert(at < 0 ? fields.Count : at, (name, value));
    }
}
