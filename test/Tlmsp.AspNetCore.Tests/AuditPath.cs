using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tlmsp.Client;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.AspNetCore.Tests;

/// <summary>What a writing middlebox does with a container: the text goes on in its place; null leaves it as it is.</summary>
internal delegate string? Tamper(RelayDirection direction, byte contextId, string text);

/// <summary>
/// A server, one middlebox before it that may write everywhere and does as it is told, and what the server says of each request.
/// </summary>
internal sealed class AuditPath : IAsyncDisposable
{
    /// <summary>Takes the container off the path.</summary>
    public const string Delete = "\0delete";

    private static readonly Grant s_everything = Grant.Write(HttpContexts.Headers, HttpContexts.Body);
    private TlmspRelay _relay = null!;

    private AuditPath(string address) => Address = address;

    public string Address { get; }

    public TestServer Server { get; private set; } = null!;

    /// <summary>
    /// By the last segment of the path: what was known when the request had been read, and later when the answer had been sent.
    /// </summary>
    public ConcurrentDictionary<string, string> Audits { get; } = [];

    public static async Task<AuditPath> StartAsync(
        Tamper tamper, Action<TlmspConnectionOptions>? configure = null, Action<ListenOptions>? listened = null,
        Action<HttpContext>? first = null)
    {
        var path = new AuditPath($"tlmsp://localhost:{TestMiddlebox.FreePort()}");
        path.Server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.Middleboxes.Allow(path.Address, s_everything);
                configure?.Invoke(tlmsp);
            },
            app =>
            {
                app.Use(next => context =>
                {
                    first?.Invoke(context);
                    return next(context);
                });
                app.Map("/audit/{name}", path.AnswerAsync);
            },
            listened: listened);
        var options = new TlmspMiddleboxOptions
        {
            Addresses = [TlmspAddress.Parse(path.Address)],
            Certificate = TestCertificates.Get(),
            Trust = TestCertificates.Trust(),
        };
        path._relay = TlmspRelay.Start(options, direction => new Handler(direction, tamper));
        return path;
    }

    public HttpClient Client(bool audited = true, Action<TlmspHttpOptions>? configure = null) => Server.Client(tlmsp =>
    {
        tlmsp.Audited = audited;
        tlmsp.Middleboxes.Add(Address, s_everything);
        configure?.Invoke(tlmsp);
    });

    /// <summary>A client that sends containers of its choice.</summary>
    public Task<TlmspPeer> ConnectAsync()
    {
        var middlebox = new TlmspMiddlebox(TlmspAddress.Parse(Address), s_everything);
        TlmspClientOptions options = TlmspPeer.ClientOptions(Server.Address, [middlebox]);
        options.Contexts = [.. HttpContexts.Create(audited: true)];
        return TlmspPeer.ConnectAsync(options);
    }

    /// <summary>As text, without the middlebox's port.</summary>
    public string Text(HttpMessageAudit? audit) => audit!.ToString().Replace(Address, "relay", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await Server.DisposeAsync();
        Assert.Empty(_relay.Faults);
    }

    private async Task AnswerAsync(HttpContext context, string name)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        HttpMessageAudit audit = context.GetTlmspAudit()!;
        Assert.True(audit.IsComplete);
        string text = Text(audit);

        // The answer is whole and sent before the request is over.
        string answer = $"answer {name}";
        context.Response.ContentLength = answer.Length;
        await context.Response.WriteAsync(answer);
        await context.Response.CompleteAsync();
        Audits[name] = Text(context.GetTlmspAudit()) == text ? text : "another answer later";
    }

    private sealed class Handler(RelayDirection direction, Tamper tamper) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            string? text = container.IsAlert ? null : tamper(direction, container.ContextId, Encoding.ASCII.GetString(container.Plaintext));
            if (text is null or Delete)
            {
                return text is null ? RelayAction.Forward : RelayAction.Delete;
            }

            replacement.Write(Encoding.ASCII.GetBytes(text));
            return RelayAction.Modify;
        }
    }
}
