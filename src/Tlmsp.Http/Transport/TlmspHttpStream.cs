using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Tlmsp.Http;

/// <summary>
/// The plaintext HTTP stream of an endpoint over a session: what is written is split onto contexts, what is read was joined from them.
/// One reader and one writer at a time may use it concurrently.
/// </summary>
public sealed partial class TlmspHttpStream : Stream, IContainerReceiver, IHttpContainerSink, IIdleResource
{
    private const int ReadAhead = 64 * 1024;
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);
    private readonly ITlmspTransport _transport;
    private readonly HttpProfile _profile;
    private readonly HttpDirection _receives;
    private readonly IHttpSplitter _splitter;
    private readonly IHttpJoiner _joiner;
    private readonly PooledBuffer _joined = new();
    private readonly SemaphoreSlim _writeGate = new(1, 1);
    private readonly bool _flushOnWrite;
    private readonly List<long> _touched = [];
    private TlmspException? _readFault;
    private volatile TlmspException? _outputFault;
    private IDisposable? _watch;
    private bool _ended;
    private int _closed;
    private int _readGate;      // 1 while the keys of the receiving half are in use
    private long _lastUse = Environment.TickCount64;

    /// <summary>Makes the stream of an established session.</summary>
    /// <param name="session">The session; disposed of with the stream.</param>
    /// <param name="transport">Its transport; disposed of with the stream.</param>
    /// <param name="receives">What this side reads: requests at a server, responses at a client.</param>
    /// <param name="mode">How strict to be with what arrives.</param>
    /// <param name="flushOnWrite">
    /// True to send on every write, and to throw when the connection is over, as HttpClient expects. False to send on flush, and to show the
    /// end of the connection in nothing but the end of what is read: inside a message Kestrel makes of that an aborted request, but takes an
    /// exception from a read for the application's, and one from a flush for a bug. In a tunnel, whose reader is the application, it is
    /// an exception on both sides. What ended it is in <see cref="Fault"/>.
    /// </param>
    /// <param name="limits">Bounds.</param>
    /// <param name="profile">The profile of the session's contexts; null to read it from their purposes.</param>
    /// <param name="allowResizing">
    /// True to send content in chunks where a middlebox may write it, so that it can be resized (http-mapping §4); false to keep to
    /// Content-Length, which the other side enforces.
    /// </param>
    /// <exception cref="ArgumentException">The session's contexts are of no known profile.</exception>
    public TlmspHttpStream(
        TlmspSession session, ITlmspTransport transport, HttpDirection receives, HttpMappingMode mode, bool flushOnWrite,
        HttpFramerLimits? limits = null, HttpProfile? profile = null, bool allowResizing = true)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(transport);
        Session = session;
        _transport = transport;
        _flushOnWrite = flushOnWrite;
        _receives = receives;
        _profile = profile ?? HttpProfile.Read(session.Info.Contexts, out string? problem) ?? throw new ArgumentException(problem, nameof(session));
        Audit = new HttpAuditTrail(session.Info, _profile, receives);
        (_splitter, _joiner) = HttpMapper.Create(
            _profile, receives, mode, limits ?? HttpFramerLimits.Default, session.Info.Middleboxes, Audit, allowResizing);
        IdleSweeper.Add(this);
    }

    /// <summary>The session.</summary>
    public TlmspSession Session { get; }

    /// <summary>What middleboxes did to the messages that are read from this stream.</summary>
    public HttpAuditTrail Audit { get; }

    /// <summary>What becomes of notices that a middlebox deleted something.</summary>
    public HttpDeletionPolicy Deletions { get; init; }

    /// <summary>
    /// At a client: called with the number of a request, and so of its response, before its first byte is sent, by who sends it.
    /// </summary>
    internal Action<TlmspHttpStream, long>? RequestStarting { get; init; }

    /// <summary>
    /// At a server: called when something begins that disposing of the stream would complete, a tunnel or a response that is held back, with what is
    /// to be called when the application fails inside it.
    /// </summary>
    internal Func<Action, IDisposable>? WatchApplication { get; init; }

    /// <summary>What its contexts are for.</summary>
    public HttpProfile Profile => _profile;

    /// <summary>What ended the connection, if it was not an ordinary end.</summary>
    public TlmspException? Fault => _readFault;

    /// <summary>
    /// At a server: what the application wrote and cannot be sent. The client was sent an alert; nothing more is sent, and nothing is read.
    /// </summary>
    public TlmspException? OutputFault => _outputFault;

    /// <inheritdoc/>
    /// <exception cref="IOException">At a client: the connection broke, or the peer misbehaved; the inner exception says how.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_joined.Length == 0)
        {
            if (_readFault is { } fault && (_flushOnWrite || _joiner.IsTunnel))
            {
                // In a tunnel the end of what is read is the end that the other side meant.
                throw new IOException(fault.Message, fault);
            }

            if (!_ended && _outputFault is not null && Session.Writer.IsClosed)
            {
                // Kestrel resets the connection at the end of what it reads, and the alert would be lost on the client.
                _ended = true;
                await Linger.UntilEndAsync(_transport.Input).ConfigureAwait(false);
            }

            if (_ended || _joiner.HasTunnelEnded || _readFault is not null || _outputFault is not null)
            {
                return 0;
            }

            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        return _joined.CopyTo(buffer.Span);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _writeGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!CanSend())
            {
                return;
            }

            if (_flushOnWrite && _splitter.IsAtMessageBoundary && !buffer.IsEmpty)
            {
                Audit.StartAt(_splitter.MessageNumber);
                RequestStarting?.Invoke(this, _splitter.MessageNumber);
            }

            bool neededEnd = _splitter.NeedsEnd;
            _splitter.Write(buffer.Span, this);
            if (_splitter.NeedsEnd && !neededEnd)
            {
                _watch = WatchApplication?.Invoke(FailOutput);
            }

            if (_flushOnWrite)
            {
                _splitter.Flush(this);
                await _transport.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (TlmspException e) when (!_flushOnWrite)
        {
            await RefuseOutputAsync(e).ConfigureAwait(false);
        }
        catch (TlmspException e)
        {
            throw new IOException(e.Message, e);
        }
        finally
        {
            _writeGate.Release();
        }
    }

    /// <inheritdoc/>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _closed) != 0)
        {
            return;     // SslStream flushes on dispose, when this stream is closed already
        }

        await _writeGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!CanSend())
            {
                return;
            }

            _splitter.Flush(this);
            await _transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writeGate.Release();
        }
    }

    /// <inheritdoc/>
    void IContainerReceiver.OnContainer(in ReceivedContainer container)
    {
        HttpRole role = _profile.RoleOf(container.ContextId, _receives);
        if (container.IsOwnDeletion)
        {
            return;
        }

        if (container.IsDeleted)
        {
            byte deleter = container.Origin;
            if (Deletions == HttpDeletionPolicy.Refuse)
            {
                throw new HttpMappingException(
                    $"middlebox {deleter:x2} deleted something, which is not to be accepted here (Deletions)", role);
            }

            bool entitled = container.IsAudited && Session.Info.Middleboxes.First(middlebox => middlebox.Id == deleter) is { } by
                && _profile.IdsIn(_receives).All(context => by.Grant[context] >= TlmspAccess.Delete);
            if (!entitled)
            {
                // A delete notice does not say which context it speaks of, only its direction (http-mapping §13).
                throw new HttpMappingException($"middlebox {deleter:x2} deleted something without write access to all contexts, or unaudited", role);
            }

            _joiner.Deleted($"middlebox {deleter:x2}", role);
            Audit.Record(_joiner.MessageNumber, deleter, TlmspAuditAction.Deleted, HttpMessagePart.Head, container.DeletedCount);
            return;
        }

        if (container.IsAudited && (container.IsInserted || container.Author != container.Origin))
        {
            AcceptTouched(role, container);
            return;
        }

        _joiner.Accept(role, container.ContextId, container.Plaintext, _joined);
    }

    /// <summary>Takes a container that middleboxes put on the path or changed.</summary>
    private void AcceptTouched(HttpRole role, in ReceivedContainer container)
    {
        HttpMessagePart part = _joiner.PartOf(role);
        _touched.Clear();
        _joiner.AcceptTouched(role, container.ContextId, container.Plaintext, _joined, _touched);
        foreach (long message in _touched)
        {
            RecordTouched(message, part, container);
        }
    }

    private void RecordTouched(long number, HttpMessagePart part, in ReceivedContainer container)
    {
        if (container.IsInserted)
        {
            Audit.Record(number, container.Origin, TlmspAuditAction.Inserted, part);
        }

        if (container.Author != container.Origin)
        {
            Audit.Record(number, container.Author, TlmspAuditAction.Changed, part);
        }
    }

    /// <inheritdoc/>
    void IHttpContainerSink.Emit(byte contextId, ReadOnlySpan<byte> plaintext)
    {
        Volatile.Write(ref _lastUse, Environment.TickCount64);
        Session.Writer.Write(contextId, plaintext, _transport.Output);
    }

    /// <inheritdoc/>
    void IIdleResource.ReleaseIfIdle(long since)
    {
        if (Volatile.Read(ref _lastUse) > since || !_writeGate.Wait(0))
        {
            return;
        }

        if (Interlocked.CompareExchange(ref _readGate, 1, 0) == 0)
        {
            Session.Release();
            Volatile.Write(ref _readGate, 0);
        }

        _writeGate.Release();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        ReadResult result;
        try
        {
            result = await _transport.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!_flushOnWrite && (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)))
        {
            _ended = true;      // reset by the peer, or aborted by Kestrel
            _readFault = _joiner.IsTunnel ? new TlmspException(Misbehaviour.ClosedWithoutNotify, "inside a tunnel") : null;
            return;
        }

        ReadOnlySequence<byte> input = result.Buffer;
        bool more = true;
        TlmspException? fault = null;
        EnterRead();
        try
        {
            while (_joined.Length < ReadAhead && !Session.Reader.IsClosed && (more = Session.Reader.TryRead(ref input, this)))
            {
            }

            if (Session.Reader.IsClosed || (!more && result.IsCompleted))
            {
                _ended = true;
                OnEnd(insideRecord: !input.IsEmpty);
            }
        }
        catch (TlmspException e)
        {
            fault = e is HttpMappingException mapping ? mapping.In(_profile, _receives) : e;
        }
        finally
        {
            Volatile.Write(ref _readGate, 0);
            _transport.Input.AdvanceTo(input.Start, more ? input.Start : input.End);
        }

        if (fault is not null)
        {
            _readFault = fault;
            if (!fault.FromPeer && fault.Misbehaviour != Misbehaviour.ClosedWithoutNotify)
            {
                await AlertAsync(fault).ConfigureAwait(false);
                await Linger.UntilEndAsync(_transport.Input).ConfigureAwait(false);
            }
        }
    }

    /// <summary>HTTP framing alone says whether this is the end of a message, with or without close_notify (http-mapping §13).</summary>
    private void OnEnd(bool insideRecord)
    {
        if (!Session.Reader.IsClosed)
        {
            if (insideRecord || _joiner.IsEndPremature)
            {
                throw new TlmspException(Misbehaviour.ClosedWithoutNotify,
                    insideRecord ? "inside a record" : _joiner.IsTunnel ? "inside a tunnel" : "inside an exchange");
            }
        }
        else if (!_joiner.IsAtMessageBoundary || Session.Info.Middleboxes.Count > 0)
        {
            // Without middleboxes it was the server that closed before it answered, and HttpClient may try again; else it was anybody.
            _joiner.EndOfInput();
        }
    }

    /// <summary>The sweeper may be letting go of the keys' cipher objects at this moment, which takes some microseconds.</summary>
    private void EnterRead()
    {
        Volatile.Write(ref _lastUse, Environment.TickCount64);
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref _readGate, 1, 0) != 0)
        {
            spin.SpinOnce();
        }
    }

    private bool CanSend()
    {
        if (Volatile.Read(ref _closed) == 0 && !Session.Writer.IsClosed && _outputFault is null)
        {
            return true;
        }

        // Over HTTP/2 a write may be the first to notice what a read found out.
        return _flushOnWrite ? throw new IOException(_readFault?.Message ?? "The TLMSP connection is closed.", _readFault) : false;
    }
}
