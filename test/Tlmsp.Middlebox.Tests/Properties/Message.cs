using System.Text;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>A message as its sender means it, and as its receiver reads it, without what frames it.</summary>
/// <param name="Stream">That of HTTP/2; 0 over HTTP/1.1.</param>
/// <param name="Start">Its start line; over HTTP/2 method and target, or the status.</param>
/// <param name="Fields">Of the head, in order.</param>
/// <param name="Content">The content.</param>
/// <param name="Trailers">Of the trailer section.</param>
/// <param name="IsWhole">Whether all of it has arrived.</param>
internal sealed record Message(
    int Stream, string Start, (string Name, string Value)[] Fields, byte[] Content, (string Name, string Value)[] Trailers, bool IsWhole = true)
{
    /// <summary>The field that plans are found by; null for interim responses, which have none.</summary>
    public string? Id => Fields.FirstOrDefault(each => each.Name == "x-id").Value;

    /// <summary>All that is the same at both ends.</summary>
    public string Text => $"{(IsWhole ? "" : "part of ")}{HeadText}|{Encoding.Latin1.GetString(Content)}|{string.Join(", ", Trailers)}";

    /// <summary>All of its head that is the same at both ends.</summary>
    public string HeadText => $"{Stream}: {Start} [{string.Join(", ", Fields)}]";
}

/// <summary>A message, and how its sender frames it.</summary>
/// <param name="Message">The message.</param>
/// <param name="IsChunked">Over HTTP/1.1: whether it is chunked.</param>
/// <param name="Pieces">Sizes of chunks or DATA frames, over and over.</param>
/// <param name="Quirk">Chooses among what the framing leaves open: chunk extensions, padding, CONTINUATION, where END_STREAM stands.</param>
internal sealed record Sending(Message Message, bool IsChunked, int[] Pieces, int Quirk)
{
    /// <summary>The content as it is cut.</summary>
    public IEnumerable<byte[]> Cut() => Cuts.Of(Message.Content, Pieces, Message.Content.Length / 40);
}

/// <summary>Bytes in pieces.</summary>
internal static class Cuts
{
    /// <param name="bytes">What is cut.</param>
    /// <param name="sizes">The sizes, over and over.</param>
    /// <param name="least">So that long content does not come in more pieces than a test has time for.</param>
    public static IEnumerable<byte[]> Of(byte[] bytes, int[] sizes, int least)
    {
        for (int at = 0, i = 0; at < bytes.Length; i++)
        {
            int length = Math.Min(Math.Max(sizes[i % sizes.Length], least), bytes.Length - at);
            yield return bytes[at..(at + length)];
            at += length;
        }
    }
}
