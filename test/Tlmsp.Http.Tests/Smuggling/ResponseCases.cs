namespace Tlmsp.Http.Tests.Smuggling;

/// <summary>
/// Responses that parsers are known to read in different ways, and their harmless neighbours: name, bytes, and the method of the request
/// where it is not GET. The lists say who accepts what; both sides of each are asserted.
/// </summary>
internal static class ResponseCases
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Five = Ok + "Content-Length: 5\r\n";
    private const string Chunked = Ok + "Transfer-Encoding: chunked\r\n\r\n";

    public static string[][] Accepted { get; } =
    [
        ["a length", Five + "\r\nhello"],
        ["a length of zero", Ok + "Content-Length: 0\r\n\r\n"],
        ["a length with zeros before it", Ok + "Content-Length: 0005\r\n\r\nhello"],
        ["chunks", Chunked + "5\r\nhello\r\n0\r\n\r\n"],
        ["chunks with extensions", Chunked + "5;a=\"b\"\r\nhello\r\n0;c\r\n\r\n"],
        ["chunks with trailers", Chunked + "5\r\nhello\r\n0\r\nDigest: x\r\n\r\n"],
        ["a coding in another letter case", Ok + "transfer-encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        ["no reason", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello"],
        ["no space for a reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"],
        ["a long reason", "HTTP/1.1 200 All went well, more or less\r\nContent-Length: 5\r\n\r\nhello"],
        ["HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
        ["204", "HTTP/1.1 204 No Content\r\n\r\n"],
        ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
        ["404", "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"],
        ["a status of one's own", "HTTP/1.1 299 Odd\r\nContent-Length: 5\r\n\r\nhello"],
        ["100 before 200", "HTTP/1.1 100 Continue\r\n\r\n" + Five + "\r\nhello"],
        ["103 before 200", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + Five + "\r\nhello"],
        ["HEAD with a length", Five + "\r\n", "HEAD"],
        ["HEAD with a coding", Chunked, "HEAD"],
        ["HEAD without anything", Ok + "\r\n", "HEAD"],
        ["an empty value", Five + "X:\r\n\r\nhello"],
        ["a colon in a value", Five + "X: a:b\r\n\r\nhello"],
        ["a chunk that looks like a head", Chunked + $"{Ok.Length:x}\r\n{Ok}\r\n0\r\n\r\n"],
        ["content that looks like a response", Ok + $"Content-Length: {Ok.Length}\r\n\r\n{Ok}"],
    ];

    public static string[][] Refused { get; } =
    [
        ["a NUL in the reason", "HTTP/1.1 200 O\0K\r\nContent-Length: 5\r\n\r\nhello"],
        ["an empty line before the status line", "\r\n" + Five + "\r\nhello"],
        ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"],
        ["a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"],
        ["a status that is no number", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"],
        ["two spaces before the status", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"],
        ["a tab before the status", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"],
        ["another protocol", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"],
        ["no version", "200 OK\r\nContent-Length: 0\r\n\r\n"],
        ["a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
        ["content shorter than its length", Five + "\r\nhell"],
        ["a chunk shorter than its size", Chunked + "5\r\nhell"],
        ["no last chunk", Chunked + "5\r\nhello\r\n"],
        ["half a head", Ok + "Content-Le"],
        ["101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n"],
        ["a chunk size of nothing", Chunked + "\r\nhello\r\n0\r\n\r\n"],
        ["a chunk size that is no number", Chunked + "g\r\nhello\r\n0\r\n\r\n"],
        ["a chunk size with 0x", Chunked + "0x5\r\nhello\r\n0\r\n\r\n"],
        ["a negative chunk size", Chunked + "-5\r\nhello\r\n0\r\n\r\n"],
        ["a chunk size beyond 64 bits", Chunked + "10000000000000005\r\nhello\r\n0\r\n\r\n"],
        ["data longer than the chunk", Chunked + "4\r\nhello\r\n0\r\n\r\n"],
        ["a field without a colon", Five + "X\r\n\r\nhello"],
        ["a field without a name", Five + ": a\r\n\r\nhello"],
        ["a space in a name", Five + "X Y: a\r\n\r\nhello"],
        ["a bare CR in the status line", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n"],
    ];

    public static string[][] StricterThanHttpClient { get; } =
    [
        ["a length with a minus", Ok + "Content-Length: -5\r\n\r\nhello"],
        ["a bare LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello"],
        ["a bare LF behind a field", Ok + "Content-Length: 5\n\r\nhello"],
        ["a bare LF for the blank line", Five + "\nhello"],
        ["a length and a coding", Five + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        ["two lengths that agree", Five + "Content-Length: 5\r\n\r\nhello"],
        ["two lengths that do not agree", Five + "Content-Length: 4\r\n\r\nhello"],
        ["a length with a plus", Ok + "Content-Length: +5\r\n\r\nhello"],
        ["a list of lengths", Ok + "Content-Length: 5, 5\r\n\r\nhello"],
        ["a length that is no number", Ok + "Content-Length: five\r\n\r\nhello"],
        ["a coding before chunked", Ok + "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        ["a coding that is not chunked", Ok + "Transfer-Encoding: identity\r\n\r\nhello"],
        ["a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        ["content that the end of the connection ends", Ok + "\r\nhello"],
        ["status 600", "HTTP/1.1 600 What\r\nContent-Length: 5\r\n\r\nhello"],
        ["a folded field", Five + "X: a\r\n b\r\n\r\nhello"],
        ["a space before the colon", Five + "X : a\r\n\r\nhello"],
        ["a space behind a chunk size", Chunked + "5 \r\nhello\r\n0\r\n\r\n"],
        ["a bare LF behind a chunk size", Chunked + "5\nhello\r\n0\r\n\r\n"],
        ["a lone LF in a chunk extension", Chunked + "5;\nhello\r\n0\r\n\r\n"],
        ["a control character in a value", Five + "X: a\u0001b\r\n\r\nhello"],
        ["a cookie in a trailer", Chunked + "5\r\nhello\r\n0\r\nSet-Cookie: a=b\r\n\r\n"],
        ["a length in a trailer", Chunked + "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"],
        ["more interim responses than eight", string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early\r\n\r\n", 9)) + Five + "\r\nhello"],
        ["a second response", Five + "\r\nhello" + Ok + "Content-Length: 0\r\n\r\n"],
        ["content behind 204", "HTTP/1.1 204 No Content\r\n\r\nhello\r\n"],
        ["content behind the response to HEAD", Five + "\r\nhello\r\n", "HEAD"],
        ["a bare CR in a value", Five + "X: a\rb\r\n\r\nhello"],
    ];
}
