namespace Tlmsp.Middlebox;

/// <summary>
/// Tells whether inspectors are at work for one direction, and settles who goes on when they take too long: the direction itself, once
/// they return, or the connection, which then ends without waiting for them.
/// </summary>
internal sealed class InspectorWatch
{
    private const int Idle = 0;
    private const int Working = 1;
    private const int Over = 2;
    private int _state;
    private long _since;

    /// <summary>Inspectors are about to be called.</summary>
    /// <exception cref="OperationCanceledException">The connection has ended.</exception>
    public void Enter()
    {
        // Before the state says that somebody is at work: the time of the last call may be long past.
        Volatile.Write(ref _since, Environment.TickCount64);
        Move(from: Idle, to: Working);
    }

    /// <summary>All inspectors have returned.</summary>
    /// <exception cref="OperationCanceledException">The connection ended meanwhile: nothing it shares may be touched any more.</exception>
    public void Leave() => Move(from: Working, to: Idle);

    /// <summary>One inspector is about to be called; its time starts.</summary>
    /// <returns>False when the connection has ended, so that it is not called.</returns>
    public bool TryStartCall()
    {
        Volatile.Write(ref _since, Environment.TickCount64);
        return Volatile.Read(ref _state) == Working;
    }

    /// <summary>Whether a call has been going on for longer than it may.</summary>
    public bool IsOverdue(long now, TimeSpan timeout) =>
        Volatile.Read(ref _state) == Working && now - Volatile.Read(ref _since) > timeout.TotalMilliseconds;

    /// <summary>The connection ends: no inspector is called from now on.</summary>
    /// <returns>True when a call is under way, which is left to itself.</returns>
    public bool End() => Interlocked.Exchange(ref _state, Over) == Working;

    private void Move(int from, int to)
    {
        if (Interlocked.CompareExchange(ref _state, to, from) != from)
        {
            throw new OperationCanceledException();
        }
    }
}
