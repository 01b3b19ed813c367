using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Get;

/// <summary>A request and where its answer goes.</summary>
internal sealed class GetRequest(ToolConsole console)
{
    private const int BlockSize = 64 * 1024;

    public required Uri Url { get; init; }

    public string? Method { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public string? Data { get; init; }

    public string? Output { get; init; }

    public bool Include { get; init; }

    public bool Verbose { get; init; }

    public bool Fail { get; init; }

    /// <summary>Limit for a connection, a handshake, and the head of the response.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Sends the request and writes the response.</summary>
    /// <exception cref="UsageException">The options do not fit together.</exception>
    /// <exception cref="FailedException">The status is 400 or more, and that was to be a failure.</exception>
    public async Task SendAsync(
        Action<TlmspHttpOptions> configure, Action<SocketsHttpHandler> configureHandler, CancellationToken cancellationToken)
    {
        using TlmspHandler handler = MakeHandler(configure, configureHandler);
        using var client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        using HttpRequestMessage request = MakeRequest();
        if (Verbose)
        {
            IEnumerable<KeyValuePair<string, IEnumerable<string>>> fields = request.Headers;
            fields = request.Content is { } content ? fields.Concat(content.Headers) : fields;
            Show('>', $"{request.Method} {Url.PathAndQuery} HTTP/1.1", fields, hasContent: request.Content is not null);
        }

        using HttpResponseMessage response = await HeadAsync(client, request, cancellationToken).ConfigureAwait(false);
        string status = $"HTTP/{response.Version} {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
        if (Verbose)
        {
            Show('<', status, response.Headers.Concat(response.Content.Headers), hasContent: response.Content.Headers.ContentLength != 0);
        }

        if (Fail && response.StatusCode >= HttpStatusCode.BadRequest)
        {
            throw new FailedException($"the server answered {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd());
        }

        await WriteAsync(response, status, cancellationToken).ConfigureAwait(false);
    }

    private TlmspHandler MakeHandler(Action<TlmspHttpOptions> configure, Action<SocketsHttpHandler> configureHandler)
    {
        try
        {
            return new TlmspHandler(
                tlmsp =>
                {
                    configure(tlmsp);
                    tlmsp.HandshakeTimeout = Timeout;
                    tlmsp.SessionEstablished = Verbose ? Show : null;
                },
                handler =>
                {
                    handler.ConnectTimeout = 2 * Timeout;
                    configureHandler(handler);
                });
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message, e);
        }
    }

    private HttpRequestMessage MakeRequest()
    {
        var request = new HttpRequestMessage { RequestUri = Url, Content = MakeContent() };
        try
        {
            request.Method = Method is { } method ? new HttpMethod(method) : request.Content is null ? HttpMethod.Get : HttpMethod.Post;
        }
        catch (FormatException e)
        {
            throw new UsageException($"'{Method}' is no method: {e.Message}", e);
        }

        if (Headers.All(header => !header.Name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("tlmsp", typeof(GetRequest).Assembly.GetName().Version?.ToString(3)));
        }

        foreach ((string name, string value) in Headers)
        {
            AddHeader(request, name, value);
        }

        return request;
    }

    private static void AddHeader(HttpRequestMessage request, string name, string value)
    {
        if (request.Headers.TryAddWithoutValidation(name, value))
        {
            return;
        }

        // A field of the content; what there is of it by now is only our default.
        bool hasName = request.Content?.Headers.TryGetValues(name, out _) == true && request.Content.Headers.Remove(name);
        if (request.Content?.Headers.TryAddWithoutValidation(name, value) != true && !hasName)
        {
            string reason = request.Content is null ? ", which has no content" : "";
            throw new UsageException($"'{name}' cannot be a field of this request{reason}.");
        }
    }

    private HttpContent? MakeContent()
    {
        if (Data is not { } data)
        {
            return null;
        }

        try
        {
            HttpContent content = data switch
            {
                "@-" => new StreamContent(Console.OpenStandardInput()),
                ['@', .. var path] => new StreamContent(new ProgressStream(File.OpenRead(path), console, "sent")),
                _ => new ByteArrayContent(Encoding.UTF8.GetBytes(data)),
            };
            content.Headers.ContentType = new MediaTypeHeaderValue(
                data.StartsWith('@') ? "application/octet-stream" : "application/x-www-form-urlencoded");
            return content;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The content '{data}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Waits for the head; a request with content may take any time, because sending it does.</summary>
    private async Task<HttpResponseMessage> HeadAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.Content is null)
        {
            timeout.CancelAfter(3 * Timeout);
        }

        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("the server does not answer", e);
        }
    }

    private async Task WriteAsync(HttpResponseMessage response, string status, CancellationToken cancellationToken)
    {
        using FileStream? file = Output is null ? null : Create(Output);
        Stream to = file ?? console.OutStream;
        if (Include)
        {
            IEnumerable<string> fields = response.Headers.Concat(response.Content.Headers)
                .Select(field => $"{field.Key}: {string.Join(", ", field.Value)}");
            byte[] head = Encoding.UTF8.GetBytes(string.Join("\r\n", fields.Prepend(status)) + "\r\n\r\n");
            await to.WriteAsync(head, cancellationToken).ConfigureAwait(false);
        }

        await CopyAsync(response, to, cancellationToken).ConfigureAwait(false);
    }

    private static FileStream Create(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' cannot be written: {e.Message}", e);
        }
    }

    private async Task CopyAsync(HttpResponseMessage response, Stream to, CancellationToken cancellationToken)
    {
        using Stream from = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var progress = new Progress(console, "received", response.Content.Headers.ContentLength);
        long start = Stopwatch.GetTimestamp();
        long total = 0;
        byte[] block = new byte[BlockSize];
        for (int count; (count = await from.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0; total += count)
        {
            await to.WriteAsync(block.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            progress.Add(count);
        }

        await to.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (Verbose)
        {
            Note('*', Progress.Text("received", total, null, Stopwatch.GetElapsedTime(start)));
        }
    }

    private void Show(TlmspSessionInfo session)
    {
        foreach (string line in PathText.Describe(session, console.ErrorInk))
        {
            Note('*', line);
        }
    }

    private void Show(char mark, string startLine, IEnumerable<KeyValuePair<string, IEnumerable<string>>> fields, bool hasContent)
    {
        Note('*', $"head in context {HttpContexts.Headers}{(hasContent ? $", content in context {HttpContexts.Body}" : "")}");
        Note(mark, console.ErrorInk.Bold(startLine));
        foreach ((string name, IEnumerable<string> values) in fields)
        {
            Note(mark, $"{console.ErrorInk.Cyan(name)}: {string.Join(", ", values)}");
        }
    }

    private void Note(char mark, string text) => console.Note($"{console.ErrorInk.Dim(mark.ToString())} {text}");
}
