using System.Net.Security;
using System.Security.Authentication;

namespace Tlmsp.Client;

/// <summary>How a response came that did not come over TLMSP; see <see cref="TlmspHttpOptions.AllowPlainTls"/>.</summary>
/// <param name="Reason">What the server answered to TLMSP.</param>
/// <param name="Protocol">The version of TLS.</param>
/// <param name="CipherSuite">Its cipher suite.</param>
public sealed record TlmspFallback(string Reason, SslProtocols Protocol, TlsCipherSuite CipherSuite);
