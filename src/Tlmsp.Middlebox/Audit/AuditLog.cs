using System.Buffers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// One JSON line per message. Whoever hands in a line waits until it is written, together with those of other connections that came
/// meanwhile: nothing passes that is not recorded, and nothing piles up.
/// </summary>
internal sealed partial class AuditLog : IInspectionSink, IHostedService, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly AuditLogOptions _options;
    private readonly AuditLine _line;
    private readonly IHostApplicationLifetime? _host;
    private readonly ILogger _logger;
    private readonly AuditFile _file;
    private readonly SemaphoreSlim _due = new(0);
    private readonly Task _writing;
    private PooledBuffer _lines = new();
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDue;
    private bool _isEnding;
    private Exception? _failure;

    /// <exception cref="OptionsValidationException">The options are not usable, or the file is not.</exception>
    public AuditLog(
        IOptions<AuditLogOptions> options, ILogger<AuditLog> logger, IHostApplicationLifetime? host = null, TimeProvider? time = null)
    {
        _options = options.Value;
        _logger = logger;
        _host = host;
        _line = new AuditLine(_options, time ?? TimeProvider.System);
        try
        {
            _file = _options.Problem is { } problem ? throw new IOException(problem) : new AuditFile(_options, time ?? TimeProvider.System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OptionsValidationException("AuditLog", typeof(AuditLogOptions), [e.Message]);
        }

        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Whether lines can be written, as far as is known.</summary>
    public bool IsHealthy => Volatile.Read(ref _failure) is null;

    public ValueTask OnPathOpenedAsync(InspectionContext path, CancellationToken cancellationToken) =>
        AddAsync(_line.Path("path-opened", path, fault: null), cancellationToken);

    public ValueTask OnMessageAsync(InspectionRecord record, CancellationToken cancellationToken) =>
        AddAsync(_line.Message(record), cancellationToken);

    public ValueTask OnPathClosedAsync(InspectionContext path, Exception? fault) =>
        AddAsync(_line.Path("path-closed", path, fault), CancellationToken.None);

    /// <summary>Has the options checked at start-up.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Writes what was handed in, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isEnding)
            {
                return;
            }

            _isEnding = true;
            _due.Release();
        }

        await _writing.ConfigureAwait(false);
        _file.Dispose();
        _due.Dispose();
    }

    private async ValueTask AddAsync(byte[] line, CancellationToken cancellationToken)
    {
        Task written;
        lock (_lock)
        {
            if (_failure is not null || _isEnding)
            {
                throw new IOException("The audit cannot be written.", _failure);
            }

            _lines.Write(line);
            written = _written.Task;
            if (!_isDue)
            {
                _isDue = true;
                _due.Release();
            }
        }

        await written.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        var spare = new PooledBuffer();
        while (true)
        {
            await _due.WaitAsync().ConfigureAwait(false);
            TaskCompletionSource written;
            bool isEnding;
            lock (_lock)
            {
                (_lines, spare) = (spare, _lines);
                (written, _written) = (_written, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                _isDue = false;
                isEnding = _isEnding;
            }

            try
            {
                if (spare.Length > 0)
                {
                    _file.Write(spare.Memory.Span);
                    spare.Consume(spare.Length);
                }

                written.TrySetResult();
            }
            catch (Exception e)
            {
                Fail(e, written);
                return;
            }

            if (isEnding)
            {
                return;
            }
        }
    }

    private void Fail(Exception e, TaskCompletionSource written)
    {
        TaskCompletionSource later;
        lock (_lock)
        {
            _failure = e;
            later = _written;
        }

        LogFailed(_logger, _options.File!, e);
        foreach (TaskCompletionSource each in (TaskCompletionSource[])[written, later])
        {
            each.TrySetException(new IOException($"The audit cannot be written: {e.Message}", e));
            _ = each.Task.Exception;    // nobody may be waiting
        }

        if (_options.StopOnFailure)
        {
            _host?.StopApplication();
        }
    }

    [LoggerMessage(40, LogLevel.Critical, "The audit cannot be written to {File}: nothing is relayed any more.")]
    private static partial void LogFailed(ILogger logger, string file, Exception exception);
}
