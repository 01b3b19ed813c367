using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests;

/// <summary>The dialogue as the reference's tools are told to lead it.</summary>
internal static class DialogueConfiguration
{
    public static void Write(RawPath path)
    {
        UclFile file = path.Configuration;
        foreach (Topic topic in Topic.All)
        {
            file.Context(topic.Id, topic.Audited);
        }

        Endpoints(file);
        for (int i = 0; i < path.Parties.Middleboxes.Length; i++)
        {
            string[] toServer = Functions(file, $"s{i}", toServer: true, works: i == 0);
            string[] toClient = Functions(file, $"c{i}", toServer: false, works: i == path.Parties.Middleboxes.Length - 1);
            file.Middleboxes.Add(new UclMiddlebox(path.Addresses[i], Topic.Grant, toServer, toClient));
        }
    }

    /// <summary>The client asks in one context after the other, each time the answer to the last question has come, and closes at the end.</summary>
    private static void Endpoints(UclFile file)
    {
        file.ClientFunctions.Add(file.Activity("ask", "at = 0", Say(Topic.All[0], toServer: true)));
        foreach ((int index, Topic topic) in Topic.All.Index())
        {
            string next = index + 1 < Topic.All.Count ? Say(Topic.All[index + 1], toServer: true) : "shutdown = yes";
            file.ClientFunctions.Add(file.Activity($"hear-{topic.Id}", UclFile.Matches([topic.Id], Topic.AnswerExpression), next));
            file.ServerFunctions.Add(file.Activity(
                $"answer-{topic.Id}", UclFile.Matches([topic.Id], Topic.QuestionExpression), Say(topic, toServer: false)));
        }
    }

    /// <summary>What one of the reference's middleboxes does with one direction: works on it if it is to, and passes the rest on.</summary>
    private static string[] Functions(UclFile file, string prefix, bool toServer, bool works)
    {
        var functions = new List<string>();
        foreach (Topic topic in Topic.All.Where(_ => works))
        {
            (string old, string changed) = topic.Change(toServer);
            string tag = $"{prefix}-{topic.Id}";
            switch (topic.Operation)
            {
                case Operation.Modify or Operation.ModifyTail:
                    functions.Add(file.Activity(tag, UclFile.Matches([topic.Id], old), UclFile.Send(topic.Id, changed)));
                    break;
                case Operation.Insert:
                    functions.Add(file.Activity(tag, UclFile.Matches([topic.Id], old + ".*", forward: true), UclFile.Send(topic.Id, Topic.Addition)));
                    break;
                case Operation.Delete:
                    functions.Add(file.Activity(tag, UclFile.Matches([topic.Id], Topic.Unwanted)));
                    break;
            }
        }

        IEnumerable<byte> readable = Topic.All.Where(topic => topic.Access != TlmspAccess.None).Select(topic => topic.Id);
        functions.Add(file.Activity($"{prefix}-pass", UclFile.Matches(readable, ".+", forward: true)));
        return [.. functions];
    }

    private static string Say(Topic topic, bool toServer) => string.Join('\n', topic.Sent(toServer).Select(text => UclFile.Send(topic.Id, text)));
}
