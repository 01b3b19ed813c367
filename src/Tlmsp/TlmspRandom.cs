using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>Where random bytes come from, so that a session can be replayed bit for bit.</summary>
public abstract class TlmspRandom
{
    /// <summary>The operating system's generator; the only one to use outside tests.</summary>
    public static TlmspRandom System { get; } = new SystemRandom();

    /// <summary>Fills a buffer with random bytes. Safe for concurrent use.</summary>
    public abstract void Fill(Span<byte> buffer);

    private sealed class SystemRandom : TlmspRandom
    {
        public override void Fill(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);
    }
}
