using System.Buffers;
using System.Text;

namespace Tlmsp.Http.Tests;

/// <summary>Containers and streams for the tests.</summary>
internal static class Wire
{
    private static readonly HttpProfile s_ids = HttpProfile.Two.WithSecrets().WithTunnel();

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>Splits a stream that is written in the given pieces.</summary>
    public static List<(HttpRole Role, byte[] Bytes)> Split(
        HttpDirection direction, IEnumerable<byte[]> writes, HttpExchangeQueue? exchanges = null, HttpProfile? profile = null,
        bool resizable = false)
    {
        var sink = new Sink(profile ?? HttpProfile.Two, direction);
        using var splitter = new HttpSplitter(direction, exchanges ?? new HttpExchangeQueue(), profile, resizable: resizable);
        foreach (byte[] write in writes)
        {
            splitter.Write(write, sink);
        }

        splitter.Flush(sink);
        return sink.Containers;
    }

    public static List<(HttpRole Role, byte[] Bytes)> Split(HttpDirection direction, string stream, HttpExchangeQueue? exchanges = null) =>
        Split(direction, [Bytes(stream)], exchanges);

    /// <summary>A queue as it is after requests with these methods.</summary>
    public static HttpExchangeQueue After(params string[] methods)
    {
        var exchanges = new HttpExchangeQueue();
        foreach (string method in methods)
        {
            Split(HttpDirection.Request, $"{method} / HTTP/1.1\r\nHost: a\r\n\r\n", exchanges);
        }

        return exchanges;
    }

    /// <summary>A container with a role, as profile two carries it.</summary>
    public static void Accept(this HttpJoiner joiner, HttpRole role, ReadOnlySpan<byte> plaintext, IBufferWriter<byte> joined) =>
        joiner.Accept(role, s_ids.IdOf(HttpDirection.Request, role), plaintext, joined);

    /// <summary>The role that a container is marked with.</summary>
    public static HttpRole RoleOf(string container) => container[0] switch
    {
        'h' => HttpRole.Head,
        's' => HttpRole.Secret,
        't' => HttpRole.Tunnel,
        _ => HttpRole.Content,
    };

    /// <summary>Joins containers: "h:" marks heads, "b:" content, "s:" sensitive fields, "t:" a tunnel.</summary>
    public static string Join(HttpJoiner joiner, params string[] containers)
    {
        var joined = new ArrayBufferWriter<byte>();
        foreach (string container in containers)
        {
            joiner.Accept(RoleOf(container), Bytes(container[2..]), joined);
        }

        return Encoding.Latin1.GetString(joined.WrittenSpan);
    }

    public static HttpJoiner Requests(HttpMappingMode mode = HttpMappingMode.Strict) =>
        new(HttpDirection.Request, new HttpExchangeQueue(), mode);

    public static HttpJoiner Responses(params string[] methods) => new(HttpDirection.Response, After(methods));

    /// <summary>Bytes in pieces of 1 to 11.</summary>
    public static byte[][] Pieces(byte[] bytes, Random random)
    {
        var pieces = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(bytes.Length - at, random.Next(1, 12));
            pieces.Add(bytes[at..(at + length)]);
            at += length;
        }

        return [.. pieces];
    }

    internal sealed class Sink(HttpProfile profile, HttpDirection direction) : IHttpContainerSink
    {
        public List<(HttpRole Role, byte[] Bytes)> Containers { get; } = [];

        public void Emit(byte contextId, ReadOnlySpan<byte> plaintext) =>
            Containers.Add((profile.RoleOf(contextId, direction), plaintext.ToArray()));
    }
}
