using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tlmsp.TestSupport;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>
/// Our parties, which serve all rows of a class one after the other: a server, a middlebox in front of the place where a hostile party
/// listens, and one behind it. An honest client stays connected through both middleboxes to the server all the time.
/// </summary>
public partial class HostileLab : IAsyncLifetime
{
    /// <summary>For what must happen; how long it takes on an idle machine is milliseconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly List<string> _served = [];
    private TestServer? _server;
    private TestMiddlebox? _front;
    private TestMiddlebox? _back;
    private HttpClient? _honest;
    private int _honestConnections;

    /// <summary>Where the hostile party of each row listens.</summary>
    public int HostilePort { get; } = TestMiddlebox.FreePort();

    internal TestServer Server => _server!;

    internal TestMiddlebox Front => _front!;

    internal TestMiddlebox Back => _back!;

    /// <summary>What our clients are to show the server; null where it does not ask.</summary>
    internal virtual X509Certificate2? ClientCertificate => null;

    /// <summary>Time that our server and the middlebox in front of it give a client for the handshake.</summary>
    protected virtual TimeSpan HandshakeTimeout => TimeSpan.FromSeconds(60);

    public async Task InitializeAsync()
    {
        if (Peer.Script is null)
        {
            return;
        }

        _server = await TestServer.StartAsync(
            tlmsp =>
            {
                tlmsp.HandshakeTimeout = HandshakeTimeout;
                tlmsp.Middleboxes.Policy = _ => null;
                tlmsp.ClientCertificateMode = ClientCertificate is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.RequireCertificate;
            },
            app => app.Use(KeepAccountAsync));
        _back = await TestMiddlebox.StartAsync(_server.Address, middlebox =>
        {
            middlebox.HandshakeTimeout = TimeSpan.FromSeconds(60);
            middlebox.NextHops.Allow($"localhost:{HostilePort}");
        });
        _front = await TestMiddlebox.StartAsync(new Uri($"tlmsp://localhost:{HostilePort}"), middlebox =>
        {
            // The first to lose patience is known then.
            middlebox.HandshakeTimeout = HandshakeTimeout / 2;
            middlebox.NextHops.Allow(_back.Address).Allow($"localhost:{_server.Address.Port}");
        });
        _honest = _server.Client(tlmsp =>
        {
            tlmsp.ClientCertificate = ClientCertificate;
            tlmsp.Middleboxes.Add(_front.Address, Grant.Parse("1=r,2=rw")).Add(_back.Address, Grant.Parse("1=r"));
            tlmsp.SessionEstablished = _ => Interlocked.Increment(ref _honestConnections);
        });
        _honest.Timeout = Timeout.InfiniteTimeSpan;     // an exchange lasts as long as a row
        Assert.Equal("hello", await _honest.GetStringAsync("/hello?honest"));
    }

    public async Task DisposeAsync()
    {
        if (_server is null)
        {
            return;
        }

        // Whatever the rows did, the honest client has still its one connection, and another one finds its way.
        Assert.Equal("hello", await _honest!.GetStringAsync("/hello?honest"));
        Assert.Equal(1, _honestConnections);
        using HttpClient another = _server.Client(tlmsp =>
        {
            tlmsp.ClientCertificate = ClientCertificate;
            tlmsp.Middleboxes.Add(_front!.Address, Grant.None).Add(_back!.Address, Grant.None);
        });
        Assert.Equal("hello", await another.GetStringAsync("/hello?honest"));
        _honest.Dispose();
        await _front!.DisposeAsync();
        await _back!.DisposeAsync();
        await _server.DisposeAsync();
    }

    /// <summary>
    /// Runs an attack while an honest exchange is half-way, waits until all its connections have ended at our parties, and checks what
    /// each party reported.
    /// </summary>
    /// <param name="name">For the message when something else was reported.</param>
    /// <param name="expected">Reports, with alternatives.</param>
    /// <param name="attack">Gives what the client and the hostile peer reported.</param>
    internal async Task CheckAsync(string name, Reports expected, Func<Task<(string Client, string Peer)>> attack)
    {
        HonestExchange honest = await HonestExchange.BeginAsync(_honest!);
        Mark front = new(Front.Logs);
        Mark back = new(Back.Logs);
        Mark server = new(Server.Logs);
        int served = Served.Length;
        (string client, string peer) = await attack();
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            foreach (Mark mark in (Mark[])[front, back, server])
            {
                await mark.WaitUntilAllEndedAsync(patience.Token);
            }

            await front.WaitForReportsAsync(expected.Front, patience.Token);
            await back.WaitForReportsAsync(expected.Back, patience.Token);
            await server.WaitForReportsAsync(expected.Server, patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The comparison shows what is missing.
        }

        await honest.EndAsync();
        var observed = new Reports(client, front.Reports, back.Reports, server.Reports, peer, OrNothing(string.Join(" ", Served[served..])));
        Assert.True(expected.IsMetBy(observed), $"{name}\nexpected {expected}\nobserved {observed}");
        Assert.True(front.HasEnded && back.HasEnded && server.HasEnded, $"{name}: a connection of the attack is still open");
    }

    /// <summary>Requests that reached the application in full, but for the honest ones.</summary>
    private string[] Served
    {
        get
        {
            lock (_served)
            {
                return [.. _served];
            }
        }
    }

    private static string OrNothing(string reports) => reports.Length > 0 ? reports : Endings.Nothing;

    private async Task KeepAccountAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (!context.Request.QueryString.HasValue)
        {
            lock (_served)
            {
                _served.Add(context.Request.Path);
            }
        }
    }

    /// <summary>A point in the log of one of our parties, and what was logged since.</summary>
    private sealed partial class Mark(CollectingLogger logs)
    {
        private readonly int _start = logs.Entries.Length;

        private IEnumerable<(string Line, Exception? Exception)> Entries => logs.Entries.Skip(_start);

        /// <summary>What the party reported: faults by name and alert, timeouts, and errors that nobody should see.</summary>
        public string Reports => OrNothing(string.Join(" & ", Entries.Select(Report).Where(report => report is not null)));

        /// <summary>Every connection that was accepted since has ended.</summary>
        public bool HasEnded
        {
            get
            {
                string[] stopped = [.. Entries.Select(entry => Stopped().Match(entry.Line).Groups[1].Value)];
                return Entries.Select(entry => Started().Match(entry.Line).Groups[1].Value).Where(id => id.Length > 0).All(stopped.Contains);
            }
        }

        public Task WaitUntilAllEndedAsync(CancellationToken cancellationToken) => logs.WaitForAsync(_ => HasEnded, cancellationToken);

        public Task WaitForReportsAsync(string expected, CancellationToken cancellationToken) =>
            logs.WaitForAsync(_ => Endings.Matches(expected, Reports), cancellationToken);

        private static string? Report((string Line, Exception? Exception) entry)
        {
            if (entry.Line.StartsWith("Error:", StringComparison.Ordinal) && !entry.Line.Contains("Request id", StringComparison.Ordinal))
            {
                return entry.Line;      // what goes wrong with a request is logged by Kestrel; nothing else may be an error
            }

            return entry.Exception is TlmspException fault ? Endings.Report(fault.Misbehaviour, (byte)fault.Alert)
                : FatalAlert().Match(entry.Line) is { Success: true } passed
                    ? Endings.Received(int.Parse(passed.Groups[1].Value, CultureInfo.InvariantCulture))
                : entry.Line.Contains("no way on to", StringComparison.Ordinal) ? Endings.NoWayOn
                : entry.Line.Contains("handshake within", StringComparison.Ordinal) ? Endings.TimedOut
                : null;
        }

        [GeneratedRegex("^Debug: Connection (?:id \")?(\\w+)\"? started(?: on listener \\S+)?\\.")]
        private static partial Regex Started();

        [GeneratedRegex("^Debug: Connection (?:id \")?(\\w+)\"? stopped\\.")]
        private static partial Regex Stopped();

        [GeneratedRegex("ended by the fatal alert \\w+ \\((\\d+)\\)")]
        private static partial Regex FatalAlert();
    }
}

/// <summary>What every party reports of one attack; "-" is nothing.</summary>
internal sealed record Reports(string Client, string Front, string Back, string Server, string Peer, string Served)
{
    /// <summary>True when another's reports are among the alternatives of this one.</summary>
    public bool IsMetBy(Reports observed) => Endings.Matches(Client, observed.Client) && Endings.Matches(Front, observed.Front)
        && Endings.Matches(Back, observed.Back) && Endings.Matches(Server, observed.Server) && Endings.Matches(Peer, observed.Peer)
        && Endings.Matches(Served, observed.Served);
}

/// <summary>A lab whose server and middlebox soon lose patience with a client that does not go on.</summary>
public sealed class ImpatientLab : HostileLab
{
    protected override TimeSpan HandshakeTimeout => TimeSpan.FromSeconds(3);
}

/// <summary>A lab whose server wants a certificate from every client.</summary>
public sealed class ClientCertificateLab : HostileLab
{
    internal override X509Certificate2? ClientCertificate { get; } = TestCertificates.Leaf("client.example");
}
