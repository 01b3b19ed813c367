using Microsoft.Extensions.Logging;
using Tlmsp.Http;

namespace Tlmsp.Middlebox;

/// <summary>
/// Lets pass what an inspector cannot decide on, because it fails or is slow: it is not asked again on its connection, and a warning says
/// so.
/// </summary>
/// <param name="inner">The inspector.</param>
/// <param name="timeout">Time for one call.</param>
/// <param name="connectionId">For the log.</param>
/// <param name="logger">Hears of it.</param>
internal sealed partial class FailOpenInspector(ITlmspInspector inner, TimeSpan timeout, string connectionId, ILogger logger)
    : ITlmspInspector
{
    private readonly Lock _lock = new();
    private readonly List<Task> _givenUp = [];
    private volatile bool _failed;

    public ITlmspInspector Inner => inner;

    public IReadOnlyList<InspectorNeedsAttribute> Needs => inner.Needs;

    /// <summary>Completes when calls that were given up have returned.</summary>
    public Task Returned
    {
        get
        {
            lock (_lock)
            {
                return Task.WhenAll(_givenUp);
            }
        }
    }

    public ValueTask OnConnectedAsync(InspectionContext context, CancellationToken cancellationToken) =>
        CallAsync(stop => inner.OnConnectedAsync(context, stop), cancellationToken);

    public ValueTask<InspectionVerdict> OnHeadAsync(InspectedMessage message, CancellationToken cancellationToken) =>
        AskAsync(stop => inner.OnHeadAsync(message, stop), cancellationToken);

    public ValueTask<InspectionVerdict> OnSecretFieldsAsync(
        InspectedMessage message, IReadOnlyList<HttpField> fields, CancellationToken cancellationToken) =>
        AskAsync(stop => inner.OnSecretFieldsAsync(message, fields, stop), cancellationToken);

    public ValueTask<InspectionVerdict> OnContentAsync(
        InspectedMessage message, InspectedContent content, CancellationToken cancellationToken)
    {
        InspectedContent copy = Copy(content);
        return AskAsync(stop => inner.OnContentAsync(message, copy, stop), cancellationToken);
    }

    public ValueTask<InspectionVerdict> OnTrailersAsync(InspectedMessage message, CancellationToken cancellationToken) =>
        AskAsync(stop => inner.OnTrailersAsync(message, stop), cancellationToken);

    public ValueTask<InspectionVerdict> OnMessageEndAsync(
        InspectedMessage message, InspectedContent held, CancellationToken cancellationToken)
    {
        InspectedContent copy = Copy(held);
        return AskAsync(stop => inner.OnMessageEndAsync(message, copy, stop), cancellationToken);
    }

    public ValueTask OnMessageAbortedAsync(InspectedMessage message, CancellationToken cancellationToken) =>
        CallAsync(stop => inner.OnMessageAbortedAsync(message, stop), cancellationToken);

    public ValueTask<InspectionVerdict> OnTunnelAsync(
        HttpDirection direction, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        byte[] copy = data.ToArray();
        return AskAsync(stop => inner.OnTunnelAsync(direction, copy, stop), cancellationToken);
    }

    public ValueTask OnOpaqueAsync(HttpDirection direction, HttpRole role, int length, CancellationToken cancellationToken) =>
        CallAsync(stop => inner.OnOpaqueAsync(direction, role, length, stop), cancellationToken);

    /// <summary>A call that was given up goes on to read what it was shown, when that is something else. It cannot change it.</summary>
    private static InspectedContent Copy(InspectedContent content)
    {
        var copy = new InspectedContent();
        copy.Set(content.Memory.ToArray(), canWrite: false, canResize: false);
        return copy;
    }

    private async ValueTask CallAsync(Func<CancellationToken, ValueTask> call, CancellationToken cancellationToken) =>
        await AskAsync(
            async stop =>
            {
                await call(stop).ConfigureAwait(false);
                return default;
            }, cancellationToken).ConfigureAwait(false);

    private async ValueTask<InspectionVerdict> AskAsync(
        Func<CancellationToken, ValueTask<InspectionVerdict>> call, CancellationToken cancellationToken)
    {
        if (_failed)
        {
            return default;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // On another thread: a call that blocks must not keep what it is about.
        Task<InspectionVerdict> asked = Task.Run(async () => await call(stop.Token).ConfigureAwait(false), CancellationToken.None);
        try
        {
            return await asked.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _failed = true;
            lock (_lock)
            {
                _givenUp.Add(asked.ContinueWith(static _ => { }, TaskScheduler.Default));
            }

            await stop.CancelAsync().ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
            {
                string reason = asked.IsCompleted
                    ? $"it failed with {e.GetType().Name}: {e.Message}"
                    : $"it has not returned within {timeout}";
                LogFailedOpen(logger, connectionId, inner.GetType().Name, reason);
            }

            return default;
        }
    }

    [LoggerMessage(32, LogLevel.Warning, "Connection {ConnectionId} goes on without {Inspector} (OnInspectorFailure): {Reason}")]
    private static partial void LogFailedOpen(ILogger logger, string connectionId, string inspector, string reason);
}
