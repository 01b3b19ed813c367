using System.Buffers;
using System.Text;

namespace Tlmsp.Http;

/// <summary>Reads the secret context for a middlebox that cannot read heads: whole field lines, nothing else.</summary>
internal sealed class HttpSecretReader(HttpFieldSet allowed, HttpFramerLimits limits)
{
    private readonly PooledBuffer _line = new();

    /// <summary>Takes a container.</summary>
    /// <returns>The fields whose lines it completes.</returns>
    /// <exception cref="HttpMappingException">It holds something else than lines of the agreed fields.</exception>
    public List<HttpField> Take(ReadOnlySpan<byte> plaintext)
    {
        var fields = new List<HttpField>();
        _line.Write(plaintext);
        if (_line.Length > limits.MaxHeadBytes)
        {
            throw new HttpMappingException($"sensitive fields of more than {limits.MaxHeadBytes} bytes", HttpRole.Secret);
        }

        while (_line.Memory.Span.IndexOf((byte)'\n') is >= 0 and int end)
        {
            ReadOnlySpan<byte> line = _line.Memory.Span[..end];
            if (!line.EndsWith("\r"u8) || !HttpSyntax.TryParseField(line[..^1], out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
                || !allowed.Contains(name))
            {
                throw new HttpMappingException("a line in the secret context that is no sensitive field", HttpRole.Secret);
            }

            fields.Add(new HttpField(Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));
            _line.Consume(end + 1);
        }

        return fields;
    }
}
