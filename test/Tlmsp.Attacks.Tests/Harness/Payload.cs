using System.Text;
using Tlmsp.Http;

namespace Tlmsp.Attacks.Tests;

/// <summary>Bytes in a context, as a hostile endpoint sends them.</summary>
internal readonly record struct Part(byte ContextId, byte[] Bytes);

/// <summary>What hostile parties send.</summary>
internal static class Payload
{
    public const byte Head = HttpContexts.Headers;
    public const byte Body = HttpContexts.Body;

    /// <summary>Characters of a message that takes several containers.</summary>
    public const int Large = 40_000;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    /// <summary>Text in the head context.</summary>
    public static Part H(string text) => new(Head, Latin1(text));

    /// <summary>Text in the content context.</summary>
    public static Part B(string text) => new(Body, Latin1(text));

    /// <summary>A frame in the head context.</summary>
    public static Part HF(byte type, byte flags, byte stream, params byte[] payload) => new(Head, Frame(type, flags, stream, payload));

    /// <summary>A frame in the content context.</summary>
    public static Part BF(byte type, byte flags, byte stream, params byte[] payload) => new(Body, Frame(type, flags, stream, payload));

    /// <summary>A frame of HTTP/2.</summary>
    public static byte[] Frame(byte type, byte flags, byte stream, params byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    /// <summary>A DATA frame.</summary>
    public static byte[] Data(byte stream, string content, bool ends = false) =>
        Frame(0, ends ? EndStream : (byte)0, stream, Latin1(content));

    /// <summary>What a client of HTTP/2 says first.</summary>
    public static byte[] ClientStart => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, 0)];

    /// <summary>Field block of <c>POST https://localhost/upload</c>, and more fields behind it.</summary>
    public static byte[] UploadBlock(params byte[] more) => [0x83, 0x87, 0x04, 7, .. "/upload"u8, 0x01, 9, .. "localhost"u8, .. more];

    /// <summary>Field block of <c>HTTP/2 200</c>, and more fields behind it.</summary>
    public static byte[] OkBlock(params byte[] more) => [0x88, .. more];

    /// <summary>A field of one's own in a field block, as literals.</summary>
    public static byte[] Field(string name, string value) =>
        [0, (byte)name.Length, .. Latin1(name), (byte)value.Length, .. Latin1(value)];

    public static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
