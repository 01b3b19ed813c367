using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Tlmsp.Middlebox;

/// <summary>
/// What was made of a configuration section, and is made again when the section changes: for connections that begin after that. A change
/// that cannot be used is logged, and what there was stays.
/// </summary>
/// <typeparam name="T">What is made; not disposed of, as connections go on with it.</typeparam>
internal sealed partial class Reloaded<T> : IDisposable
    where T : class
{
    private readonly string _path;
    private readonly Func<T> _make;
    private readonly ILogger _logger;
    private readonly IDisposable? _registration;
    private readonly Lock _lock = new();
    private byte[] _read;
    private T _current;
    private Action<T>? _use;
    private string? _problem;

    /// <summary>Makes it for the first time.</summary>
    /// <param name="section">The section; null where there is nothing that could change.</param>
    /// <param name="make">Makes it; what it throws says what is wrong.</param>
    /// <param name="logger">Hears of changes.</param>
    public Reloaded(IConfiguration? section, Func<T> make, ILogger logger)
    {
        _path = (section as IConfigurationSection)?.Path ?? "";
        _make = make;
        _logger = logger;
        _read = DigestOf(section);
        _current = make();
        _registration = section is null ? null : ChangeToken.OnChange(section.GetReloadToken, () => Reload(section));
    }

    /// <summary>For a connection that begins now.</summary>
    public T Current => Volatile.Read(ref _current);

    /// <summary>Has somebody use what there is, and what there will be before it is <see cref="Current"/>.</summary>
    /// <param name="use">Throws where it cannot be used, and then must have changed nothing.</param>
    public void Use(Action<T> use)
    {
        lock (_lock)
        {
            use(_current);
            _use = use;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _registration?.Dispose();

    private void Reload(IConfiguration section)
    {
        lock (_lock)
        {
            // A file is often reported more than once, and other sections change too. What could not be used may be usable by now, as when
            // a port has become free.
            byte[] read = DigestOf(section);
            bool isSame = read.AsSpan().SequenceEqual(_read);
            if (isSame && _problem is null)
            {
                return;
            }

            _read = read;
            try
            {
                T made = _make();
                _use?.Invoke(made);
                Volatile.Write(ref _current, made);
                _problem = null;
                LogReloaded(_logger, _path);
            }
            catch (Exception e)
            {
                // Whoever changed the file must not take the host down with it.
                if (!isSame || e.Message != _problem)
                {
                    LogKept(_logger, _path, e.Message);
                }

                _problem = e.Message;
            }
        }
    }

    /// <summary>Of all settings, which may hold passwords: they are not kept here.</summary>
    private static byte[] DigestOf(IConfiguration? section) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\0', section?.AsEnumerable().OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Key}\0{each.Value}") ?? [])));

    [LoggerMessage(30, LogLevel.Information, "The configuration section {Section} was read again; new connections use it.")]
    private static partial void LogReloaded(ILogger logger, string section);

    [LoggerMessage(31, LogLevel.Error,
        "The configuration section {Section} has changed and cannot be used; the one before stays. {Reason}")]
    private static partial void LogKept(ILogger logger, string section, string reason);
}
