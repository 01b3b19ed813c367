using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>What happens when an inspector fails or is slow.</summary>
public enum InspectorFailureAction
{
    /// <summary>Its connection is closed, with alerts to both sides.</summary>
    Close,

    /// <summary>
    /// Its connection goes on without it. Only where no inspector needs to write, as a change that is made by halves is none that anybody
    /// wanted.
    /// </summary>
    Forward,
}

/// <summary>Options of a middlebox host.</summary>
public sealed class TlmspMiddleboxHostOptions
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>
    /// The address that clients list this middlebox under, such as <c>waf.example:7001</c>. Required, unless there are
    /// <see cref="Listeners"/>.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>Where to listen. Default: every interface, IPv6 and IPv4 as the machine has them, port of <see cref="Address"/>.</summary>
    public IPEndPoint? ListenEndPoint { get; set; }

    /// <summary>
    /// Certificate with private key; should name the host of <see cref="Address"/> and allow server and client authentication. Required,
    /// unless there is a <see cref="CertificateFile"/>, or each of the <see cref="Listeners"/> has its own.
    /// </summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Intermediate certificates to send with <see cref="Certificate"/>.</summary>
    public X509Certificate2Collection? CertificateChain { get; set; }

    /// <summary>The certificate in files instead; what replaces them is used for new connections.</summary>
    public TlmspCertificateFile? CertificateFile { get; set; }

    /// <summary>
    /// Several listeners by name, in any letter case, instead of <see cref="Address"/> and <see cref="ListenEndPoint"/>, which are the
    /// short form for one. Default: none.
    /// </summary>
    public IDictionary<string, TlmspMiddleboxListenerOptions> Listeners { get; } =
        new Dictionary<string, TlmspMiddleboxListenerOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The next hops. Default: none.</summary>
    public NextHopAllowList NextHops { get; } = new();

    /// <summary>How the certificates of the server and of other middleboxes are checked.</summary>
    public CertificateTrust Trust { get; } = new();

    /// <summary>Time for a handshake including the connection to the next hop. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for one call of an inspector; within a second after it the connection is closed. Default 10 s.</summary>
    public TimeSpan InspectorTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What happens when an inspector fails or is slow. Default: its connection is closed.</summary>
    public InspectorFailureAction OnInspectorFailure { get; set; }

    /// <summary>
    /// Most that inspectors may hold back per direction, in bytes of containers; and most that they may add in one call, in an answer or in
    /// the place of content. Default 256 KiB.
    /// </summary>
    public int MaxHeldBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// Time for the rest of a path that is ending: for one direction to fall silent once the other has ended, and then for the receivers
    /// to take what was sent to them. Default 5 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Most connections of each listener at a time; more wait to be accepted. Default 10 000.</summary>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>How strictly what inspectors see is held to its contexts; see <see cref="HttpMappingMode.EtsiCurl"/>.</summary>
    public HttpMappingMode Mapping { get; set; } = HttpMappingMode.Strict;

    /// <summary>Bounds on heads and framing that inspectors see.</summary>
    public HttpFramerLimits HttpLimits { get; set; } = HttpFramerLimits.Default;

    /// <summary>See <see cref="TlmspOptions.AllowReferenceMiddleboxes"/>. A warning is logged at start-up when it is on.</summary>
    public bool AllowReferenceMiddleboxes { get; set; }

    /// <summary>
    /// File that the keys of every connection are appended to, as far as this middlebox was given them: see <see cref="TlmspKeyLog"/>. For
    /// debugging only; default null. A warning is logged at start-up when it is set.
    /// </summary>
    public string? KeyLogFile { get; set; }

    /// <summary>Bounds on handshakes.</summary>
    public TlmspLimits Limits { get; set; } = new();

    /// <summary>How often established paths are looked after; a seam for tests.</summary>
    internal TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a direction idles before its cipher objects are dropped; a seam for tests.</summary>
    internal TimeSpan ReleaseAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Checks the options and makes of them what a middlebox works with.</summary>
    /// <exception cref="OptionsValidationException">Something is missing or contradictory; the message says how to fix it.</exception>
    internal MiddleboxSettings ToSettings()
    {
        var problems = new List<string>();
        List<ListenerSettings> listeners = [.. FindListeners(problems)
            .Select(each => each.Options.ToSettings(each.Name, each.Where, this, problems)).OfType<ListenerSettings>()];
        CheckOverlaps(listeners, problems);
        if (NextHops.IsEmpty)
        {
            problems.Add("No next hop is allowed, so nothing could be relayed. Call NextHops.Allow(\"host:port\").");
        }

        (string, TimeSpan)[] times =
        [
            (nameof(HandshakeTimeout), HandshakeTimeout),
            (nameof(InspectorTimeout), InspectorTimeout),
            (nameof(DrainTimeout), DrainTimeout),
        ];
        foreach ((string name, TimeSpan time) in times)
        {
            if (time <= TimeSpan.Zero || time > s_longest)
            {
                problems.Add($"{name} is {time}. Set it to more than zero and at most {s_longest}, or leave it at its default.");
            }
        }

        if (MaxConnections < 1)
        {
            problems.Add($"MaxConnections is {MaxConnections}. Set it to 1 or more, or leave it at its default.");
        }

        if (problems.Count == 0)
        {
            try
            {
                TlmspKeyLog? keyLog = KeyLogFile is null ? null : TlmspKeyLog.ToFile(KeyLogFile);
                listeners.ForEach(listener => listener.Engine.KeyLog = keyLog);

                // What is left to be checked is the same for all of them.
                listeners[0].Engine.Validate();
                return new MiddleboxSettings(this, listeners);
            }
            catch (ArgumentException e)
            {
                problems.Add(e.Message);
            }
        }

        throw new OptionsValidationException("TlmspMiddlebox", typeof(TlmspMiddleboxHostOptions), problems);
    }

    /// <summary>The listeners, each with what to begin its problems with.</summary>
    private IEnumerable<(string Name, string Where, TlmspMiddleboxListenerOptions Options)> FindListeners(List<string> problems)
    {
        if (Listeners.Count == 0)
        {
            var only = new TlmspMiddleboxListenerOptions { Address = Address, ListenEndPoint = ListenEndPoint };
            return [(ListenerSettings.OnlyName, "", only)];
        }

        // Which of the two would be meant? Certificate and MaxConnections hold for listeners without their own.
        if (Address is not null)
        {
            problems.Add($"Address and Listeners are both set. Move Address '{Address}' into one of the Listeners, or remove it.");
        }

        if (ListenEndPoint is not null)
        {
            problems.Add($"ListenEndPoint and Listeners are both set. Move ListenEndPoint '{ListenEndPoint}' into one of the Listeners, "
                + "or remove it.");
        }

        return Listeners.OrderBy(each => each.Key, StringComparer.OrdinalIgnoreCase)
            .Select(each => (each.Key, $"Listeners:{each.Key}: ", each.Value));
    }

    private static void CheckOverlaps(List<ListenerSettings> listeners, List<string> problems)
    {
        for (int i = 0; i < listeners.Count; i++)
        {
            foreach (ListenerSettings other in listeners.Take(i).Where(listeners[i].Overlaps))
            {
                problems.Add($"Listeners:{other.Name} and Listeners:{listeners[i].Name} would both listen on port {other.EndPoint.Port} "
                    + $"of the same interface ({other.EndPoint} and {listeners[i].EndPoint}). Give each a ListenEndPoint of its own.");
            }
        }
    }
}
