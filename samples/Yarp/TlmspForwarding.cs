using Tlmsp.Client;
using Yarp.ReverseProxy.Forwarder;

namespace YarpSample;

/// <summary>Has YARP reach its destinations over TLMSP: one override.</summary>
internal sealed class TlmspForwarding(Action<TlmspHttpOptions> configure) : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.UseTlmsp(configure);
    }
}
