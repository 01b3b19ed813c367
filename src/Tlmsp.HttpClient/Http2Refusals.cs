using System.Collections.Concurrent;
using System.Net;

namespace Tlmsp.Client;

/// <summary>
/// The servers that answered alert 175 to HTTP/2: they are not asked again for a while. Not for ever, because the alert comes before
/// there are keys, and servers change.
/// </summary>
internal sealed class Http2Refusals(TimeProvider clock)
{
    private static readonly TimeSpan s_memory = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<DnsEndPoint, DateTimeOffset> _until = new();

    public void Add(DnsEndPoint server) => _until[server] = clock.GetUtcNow() + s_memory;

    public bool Contains(DnsEndPoint server)
    {
        if (!_until.TryGetValue(server, out DateTimeOffset until))
        {
            return false;
        }

        if (clock.GetUtcNow() < until)
        {
            return true;
        }

        _until.TryRemove(server, out _);
        return false;
    }
}
