using System.Buffers;
using System.Text.Json;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>Writes lines of an audit: one JSON object each.</summary>
internal sealed class AuditLine(AuditLogOptions options, TimeProvider time)
{
    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true };

    /// <summary>A path was established, or has ended.</summary>
    public byte[] Path(string happened, InspectionContext path, Exception? fault) => Write(json =>
    {
        Start(json, happened, path);
        json.WriteStartArray("path");
        foreach (TlmspPathMiddlebox box in path.Session.Middleboxes)
        {
            json.WriteStringValue(box.Address.ToString());
        }

        json.WriteEndArray();
        json.WriteString("self", path.Address.ToString());
        WriteGrant(json, path);
        if (happened == "path-closed")
        {
            json.WriteString("fault", fault?.Message);
        }
    });

    /// <summary>What became of a message.</summary>
    public byte[] Message(InspectionRecord record) => Write(json =>
    {
        InspectedMessage message = record.Message;
        Start(json, "message", message.Connection);
        WriteGrant(json, message.Connection);
        json.WriteString("direction", message.Direction == HttpDirection.Request ? "request" : "response");
        json.WriteNumber("number", message.Number);
        json.WriteNumber("stream", message.StreamId);
        WriteHead(json, message);
        WritePart(json, "headPart", message.HeadPart);
        WritePart(json, "contentPart", message.ContentPart);
        WritePart(json, "trailersPart", message.TrailersPart);
        json.WriteString("verdict", record.Verdict.Action.ToString());
        json.WriteString("inspector", record.Inspector);
        json.WriteString("reason", record.Verdict.Reason);
        json.WriteBoolean("headChanged", message.IsHeadChanged);
        json.WriteBoolean("contentChanged", record.IsContentChanged);
        json.WriteBoolean("complete", record.IsComplete);
    });

    private void WriteHead(Utf8JsonWriter json, InspectedMessage message)
    {
        if (message.Head is not { } head)
        {
            json.WriteString("head", message.HeadPart.IsSealed ? "sealed" : null);
            return;
        }

        json.WriteStartObject("head");
        if (message.Direction == HttpDirection.Request)
        {
            json.WriteString("method", head.Method);
            if (options.Targets != AuditTargets.None)
            {
                json.WriteString("target", options.Targets == AuditTargets.Full ? head.Target : head.Target.Split('?', '#')[0]);
            }
        }
        else
        {
            json.WriteNumber("status", head.StatusCode);
            json.WriteNumber("requestNumber", message.Request?.Number ?? 0);
        }

        if (options.Fields.Count > 0)
        {
            json.WriteStartObject("fields");
            foreach (string name in options.Fields)
            {
                json.WriteString(name, head[name]);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, string name, InspectedPart part)
    {
        json.WriteStartObject(name);
        json.WriteBoolean("sealed", part.IsSealed);
        json.WriteNumber("bytes", part.Bytes);
        if (part.Bytes > 0)
        {
            json.WriteString("first", part.FirstAt);
            json.WriteString("last", part.LastAt);
        }

        json.WriteEndObject();
    }

    private static void WriteGrant(Utf8JsonWriter json, InspectionContext path)
    {
        json.WriteStartObject("grants");
        foreach (TlmspContext context in path.Session.Contexts)
        {
            json.WriteString(NameOf(context), path.Grant[context.Id].ToString().ToLowerInvariant());
        }

        json.WriteEndObject();
    }

    /// <summary>The role in a context's purpose; its number where there is none.</summary>
    private static string NameOf(TlmspContext context)
    {
        const string role = "role=";
        int at = context.Purpose.IndexOf(role, StringComparison.Ordinal);
        return at < 0
            ? context.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : context.Purpose[(at + role.Length)..].Split(';')[0];
    }

    private void Start(Utf8JsonWriter json, string happened, InspectionContext path)
    {
        json.WriteString("time", time.GetUtcNow());
        json.WriteString("event", happened);
        json.WriteString("session", $"{path.Session.SessionId:x8}");
        json.WriteString("connection", path.ConnectionId);
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var line = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(line, s_options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }
}
