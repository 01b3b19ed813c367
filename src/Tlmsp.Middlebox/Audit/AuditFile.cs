using System.Globalization;

namespace Tlmsp.Middlebox;

/// <summary>The file that an audit is written to, and those that were full before it. Not safe for concurrent use.</summary>
internal sealed class AuditFile : IDisposable
{
    private readonly AuditLogOptions _options;
    private readonly TimeProvider _time;
    private readonly string _path;
    private FileStream? _stream;
    private DateTimeOffset _begun;
    private int _rotations;

    public AuditFile(AuditLogOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _path = Path.GetFullPath(options.File!);
        Open();
    }

    /// <summary>Writes whole lines.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    public void Write(ReadOnlySpan<byte> lines)
    {
        if (_stream!.Length > 0
            && (_stream.Length + lines.Length > _options.MaxFileBytes || _time.GetUtcNow() - _begun > _options.MaxFileAge))
        {
            Rotate();
        }

        _stream.Write(lines);
        _stream.Flush(flushToDisk: _options.Durability == AuditDurability.Synced);
    }

    public void Dispose() => _stream?.Dispose();

    private void Open()
    {
        // No buffer of its own: what is written is the operating system's. Others may read along.
        _stream = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
        _begun = _stream.Length > 0 ? File.GetCreationTimeUtc(_path) : _time.GetUtcNow();
    }

    private void Rotate()
    {
        _stream!.Dispose();
        string time = _time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture);
        File.Move(_path, $"{Stem}-{time}-{++_rotations}{Path.GetExtension(_path)}");
        Open();
        if (_options.MaxFiles > 0)
        {
            string[] full = Directory.GetFiles(Path.GetDirectoryName(_path)!, $"{Path.GetFileName(Stem)}-*{Path.GetExtension(_path)}");
            foreach (string old in full.OrderByDescending(File.GetLastWriteTimeUtc).ThenByDescending(file => file, StringComparer.Ordinal).Skip(_options.MaxFiles))
            {
                File.Delete(old);
            }
        }
    }

    private string Stem => Path.Combine(Path.GetDirectoryName(_path)!, Path.GetFileNameWithoutExtension(_path));
}
