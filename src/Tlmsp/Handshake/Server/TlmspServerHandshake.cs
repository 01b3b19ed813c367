namespace Tlmsp;

/// <summary>The server's handshake (handshake.md §7.2).</summary>
public sealed class TlmspServerHandshake : TlmspHandshake
{
    /// <summary>Prepares a handshake.</summary>
    /// <exception cref="ArgumentException">The options are not valid; see <see cref="TlmspServerOptions.Validate"/>.</exception>
    public TlmspServerHandshake(TlmspServerOptions options)
        : base(options ?? throw new ArgumentNullException(nameof(options)), TlmspDialect.Server)
    {
        options.Validate();
        Options = options;
        State = new ExpectClientHello(this);
    }

    /// <summary>What the caller wants its <see cref="TlmspServerOptions.CertificateSelector"/> to know, such as the connection.</summary>
    public object? CallerState { get; init; }

    internal TlmspServerOptions Options { get; }
}
