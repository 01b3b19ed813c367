using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <content>Changes of the head.</content>
public sealed partial class InspectedMessage
{
    private static readonly string[] s_framing = ["Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Upgrade"];
    private bool _headIsOpen;

    /// <summary>Whether the head can be changed now: it can be read, may be written, and has not gone on yet.</summary>
    public bool CanWriteHead => _headIsOpen && Rights.WritesHead;

    /// <summary>Whether an inspector changed the head.</summary>
    public bool IsHeadChanged { get; private set; }

    /// <summary>Gives a field one value, in the place of all that it has.</summary>
    /// <param name="name">Its name. Fields that frame the message cannot be changed (http-mapping §6 A5).</param>
    /// <param name="value">Its value, Latin-1 without line breaks.</param>
    /// <exception cref="InvalidOperationException">The head cannot be changed, or not in this.</exception>
    /// <exception cref="ArgumentException">It is no field.</exception>
    public void SetField(string name, string value)
    {
        HttpField field = Check(name, value);
        List<HttpField> fields = [.. Head!.Fields];
        int at = fields.FindIndex(each => Is(each, name));
        fields.RemoveAll(each => Is(each, name));
        fields.Insert(at < 0 ? fields.Count : at, field);
        Change(Head with { Fields = fields });
    }

    /// <summary>Adds a field at the end.</summary>
    /// <inheritdoc cref="SetField"/>
    public void AddField(string name, string value)
    {
        HttpField field = Check(name, value);
        Change(Head! with { Fields = [.. Head.Fields, field] });
    }

    /// <summary>Removes all fields of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>False when there was none.</returns>
    /// <exception cref="InvalidOperationException">The head cannot be changed, or not in this.</exception>
    public bool RemoveField(string name)
    {
        Check(name, "");
        List<HttpField> fields = [.. Head!.Fields];
        if (fields.RemoveAll(each => Is(each, name)) == 0)
        {
            return false;
        }

        Change(Head with { Fields = fields });
        return true;
    }

    /// <summary>Sends a request to another target.</summary>
    /// <param name="target">In the form of the old one, such as <c>/orders?id=1</c> (RFC 9112 §3.2).</param>
    /// <exception cref="InvalidOperationException">The head cannot be changed, or is no request.</exception>
    /// <exception cref="ArgumentException">It is no target.</exception>
    public void SetTarget(string target)
    {
        CheckOpen();
        ArgumentException.ThrowIfNullOrEmpty(target);
        if (Direction != HttpDirection.Request)
        {
            throw new InvalidOperationException("A response has no target.");
        }

        if (target.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new ArgumentException("A target has visible ASCII characters only (RFC 9112 §3.2).", nameof(target));
        }

        string[] parts = Head!.StartLine.Split(' ');
        Change(Head with { StartLine = $"{parts[0]} {target} {parts[2]}" });
    }

    private static bool Is(HttpField field, string name) => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase);

    private HttpField Check(string name, string value)
    {
        CheckOpen();
        if (FramesMessages(name))
        {
            throw new InvalidOperationException($"{name} frames the message, which the endpoints hold to what they sent (http-mapping §6 A5).");
        }

        return HttpSyntax.IsField(name, value)
            ? new HttpField(name, value)
            : throw new ArgumentException($"'{name}' with this value is no field (RFC 9110 §5.1, §5.5).", nameof(name));
    }

    private void CheckOpen()
    {
        if (!CanWriteHead)
        {
            throw new InvalidOperationException(Head is null ? "The head is sealed: this middlebox was not granted read access to it."
                : !Rights.WritesHead ? "The head cannot be changed: this middlebox was not granted write access to it."
                : "The head has gone on already: change it in OnHeadAsync, or hold it back there.");
        }
    }

    private void Change(HttpHead head)
    {
        Head = head;
        IsHeadChanged = true;
    }

    /// <summary>Whether a field frames messages, so that it cannot be changed.</summary>
    internal static bool FramesMessages(string name) => s_framing.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The head may be changed from now on, or no more.</summary>
    internal void OpenHead(bool isOpen) => _headIsOpen = isOpen;
}
