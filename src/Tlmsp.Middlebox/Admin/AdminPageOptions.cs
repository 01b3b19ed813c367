using System.Net;
using Microsoft.Extensions.Options;

namespace Tlmsp.Middlebox;

/// <summary>Options of the live page of a middlebox.</summary>
public sealed class AdminPageOptions
{
    /// <summary>The port. Default 7080; 0 for any that is free, which the log tells.</summary>
    public int Port { get; set; } = 7080;

    /// <summary>Where to listen. Default: 127.0.0.1. Anything but loopback needs <see cref="AllowRemote"/>.</summary>
    public IPAddress Address { get; set; } = IPAddress.Loopback;

    /// <summary>
    /// Lets <see cref="Address"/> be other than loopback: the page has neither a login nor TLS, and whoever reaches it reads what the
    /// middlebox reads. Default false; a warning is logged at start-up when the page is reachable from elsewhere.
    /// </summary>
    public bool AllowRemote { get; set; }

    /// <summary>
    /// Names that browsers may call the page by, besides <c>localhost</c> and the addresses of loopback and of <see cref="Address"/>.
    /// Requests for others are refused, so that no foreign site can have its own name resolve to here (DNS rebinding).
    /// </summary>
    public ISet<string> HostNames { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Keeps the first 4 KiB of content that the grants let be read, and shows it. Default false: only its size is kept.</summary>
    public bool ShowContent { get; set; }

    /// <summary>
    /// Fields whose values are never kept. Default: Authorization, Proxy-Authorization, Cookie, Set-Cookie. Those that a profile names as
    /// sensitive are masked as well.
    /// </summary>
    public ISet<string> SensitiveFields { get; } =
        new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie" };

    /// <exception cref="OptionsValidationException">Something is out of range; the message says how to fix it.</exception>
    internal void Validate()
    {
        var problems = new List<string>();
        if (Port is < 0 or > 65535)
        {
            problems.Add($"Port is {Port}. Set it to 1 to 65535, or to 0 for any that is free.");
        }

        if (!IPAddress.IsLoopback(Address) && !AllowRemote)
        {
            problems.Add($"Address is {Address}, and whoever reaches the page reads what the middlebox reads. "
                + "Set AllowRemote to true if that is meant, or leave Address at its default.");
        }

        if (problems.Count > 0)
        {
            throw new OptionsValidationException("TlmspAdminPage", typeof(AdminPageOptions), problems);
        }
    }
}
