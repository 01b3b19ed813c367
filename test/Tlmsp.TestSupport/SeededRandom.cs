using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tlmsp.TestSupport;

/// <summary>
/// Numbers that look random and are the same in every run: SHA-256 over a seed and a counter. For sessions that must come out the same
/// byte for byte; whoever knows the seed knows them all.
/// </summary>
public sealed class SeededRandom(string seed) : TlmspRandom
{
    private readonly Lock _lock = new();
    private readonly byte[] _input = [.. Encoding.UTF8.GetBytes(seed), .. new byte[sizeof(ulong)]];
    private readonly byte[] _block = new byte[SHA256.HashSizeInBytes];
    private ulong _counter;
    private int _left;

    public override void Fill(Span<byte> buffer)
    {
        lock (_lock)
        {
            while (!buffer.IsEmpty)
            {
                if (_left == 0)
                {
                    BinaryPrimitives.WriteUInt64BigEndian(_input.AsSpan(_input.Length - sizeof(ulong)), _counter++);
                    _left = SHA256.HashData(_input, _block);
                }

                int count = Math.Min(_left, buffer.Length);
                _block.AsSpan(_block.Length - _left, count).CopyTo(buffer);
                _left -= count;
                buffer = buffer[count..];
            }
        }
    }
}
