using System.Buffers;
using System.Collections.Concurrent;
using Tlmsp.TestSupport;

namespace Tlmsp.Attacks.Tests;

/// <summary>What a hostile middlebox does with a container of data.</summary>
internal delegate RelayAction Deed(in RelayedContainer container, IBufferWriter<byte> replacement);

/// <summary>
/// A middlebox of the engine that does as it is told on connections made while it is armed, and keeps the alerts that it can read.
/// </summary>
internal sealed class HostileBox : IAsyncDisposable
{
    private readonly ConcurrentQueue<(bool ToServer, TlmspAlertLevel Level, TlmspAlert Alert, byte ContextId)> _alerts = [];
    private TlmspRelay _relay = null!;

    private HostileBox(int port) => Address = $"tlmsp://localhost:{port}";

    public string Address { get; }

    public bool IsArmed { get; set; }

    /// <summary>The alerts of others that passed while it was armed, close_notify excepted.</summary>
    public IEnumerable<(bool ToServer, TlmspAlertLevel Level, TlmspAlert Alert, byte ContextId)> Alerts => _alerts;

    public static HostileBox Start(Func<RelayDirection, Deed?> attack)
    {
        var box = new HostileBox(TestMiddlebox.FreePort());
        var options = new TlmspMiddleboxOptions
        {
            Addresses = [TlmspAddress.Parse(box.Address)],
            Certificate = TestCertificates.Get(),
            Trust = TestCertificates.Trust(),
        };
        box._relay = TlmspRelay.Start(
            options, direction => box.IsArmed ? new Handler(box, direction.ToServer, attack(direction)) : null);
        return box;
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        Assert.Empty(_relay.Faults);
    }

    private sealed class Handler(HostileBox box, bool toServer, Deed? deed) : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (!container.IsAlert)
            {
                return deed?.Invoke(container, replacement) ?? RelayAction.Forward;
            }

            if (container.CanRead && container.Plaintext[1] != (byte)TlmspAlert.CloseNotify)
            {
                var level = (TlmspAlertLevel)container.Plaintext[0];
                box._alerts.Enqueue((toServer, level, (TlmspAlert)container.Plaintext[1], container.ContextId));
            }

            return RelayAction.Forward;
        }
    }
}

/// <summary>What hostile middleboxes do.</summary>
internal static class Deeds
{
    private static readonly byte[] s_nothing = [];

    /// <summary>Gives one container of a context another content.</summary>
    /// <param name="toServer">The direction.</param>
    /// <param name="contextId">The context.</param>
    /// <param name="change">Makes the other content.</param>
    /// <param name="index">Which container of the context, from 0.</param>
    public static Func<RelayDirection, Deed?> Change(bool toServer, byte contextId, Func<byte[], byte[]> change, int index = 0) =>
        At(toServer, contextId, index, (_, in container, replacement) =>
        {
            replacement.Write(change(container.Plaintext.ToArray()));
            return RelayAction.Modify;
        });

    /// <summary>The same, as text.</summary>
    public static Func<RelayDirection, Deed?> ChangeText(bool toServer, byte contextId, Func<string, string> change, int index = 0) =>
        Change(toServer, contextId, bytes => Payload.Latin1(change(Payload.Text(bytes))), index);

    /// <summary>Takes one container of a context away, and says so.</summary>
    public static Func<RelayDirection, Deed?> Delete(bool toServer, byte contextId, int index = 0) =>
        At(toServer, contextId, index, (_, in _, _) => RelayAction.Delete);

    /// <summary>Does something before one container of a context, which goes on as it is.</summary>
    public static Func<RelayDirection, Deed?> Before(bool toServer, byte contextId, Action<RelayDirection> action, int index = 0) =>
        At(toServer, contextId, index, (direction, in _, _) =>
        {
            action(direction);
            return RelayAction.Forward;
        });

    /// <summary>Sends something in place of one container of a context, in the way of somebody who never had it.</summary>
    public static Func<RelayDirection, Deed?> Replace(bool toServer, byte contextId, Action<RelayDirection> action, int index = 0) =>
        At(toServer, contextId, index, (direction, in _, _) =>
        {
            direction.OnWire = _ =>
            {
                direction.OnWire = null;
                direction.Flow.Rewind();
                action(direction);
                return s_nothing;
            };
            return RelayAction.Forward;
        });

    /// <summary>Forges the far endpoint's close_notify in place of one container of a context, and lets nothing pass behind it.</summary>
    public static Func<RelayDirection, Deed?> Close(bool toServer, byte contextId, int index = 0) =>
        At(toServer, contextId, index, (direction, in _, _) =>
        {
            direction.OnWire = _ =>
            {
                direction.OnWire = _ => s_nothing;
                direction.Flow.Rewind();
                direction.Relay.WriteAlert(TlmspAlertLevel.Warning, TlmspAlert.CloseNotify, 0, direction.Output);
                return s_nothing;
            };
            return RelayAction.Forward;
        });

    /// <summary>Lets one container of a context pass, and forges the far endpoint's close_notify behind it; nothing more passes.</summary>
    public static Func<RelayDirection, Deed?> CloseAfter(bool toServer, byte contextId, int index = 0) =>
        Before(toServer, contextId, direction => direction.OnWire = record =>
        {
            direction.OnWire = _ => s_nothing;
            direction.Output.Write(record);
            direction.Relay.WriteAlert(TlmspAlertLevel.Warning, TlmspAlert.CloseNotify, 0, direction.Output);
            return s_nothing;
        }, index);

    /// <summary>Does the one and the other; where both are about a container, what the first makes of it counts.</summary>
    public static Func<RelayDirection, Deed?> Both(Func<RelayDirection, Deed?> first, Func<RelayDirection, Deed?> second) => direction =>
    {
        Deed? one = first(direction);
        Deed? other = second(direction);
        return one is null || other is null ? one ?? other : (in RelayedContainer container, IBufferWriter<byte> replacement) =>
        {
            RelayAction action = one(container, replacement);
            RelayAction next = other(container, action == RelayAction.Forward ? replacement : new ArrayBufferWriter<byte>());
            return action == RelayAction.Forward ? next : action;
        };
    };

    private delegate RelayAction DirectedDeed(RelayDirection direction, in RelayedContainer container, IBufferWriter<byte> replacement);

    private static Func<RelayDirection, Deed?> At(bool toServer, byte contextId, int index, DirectedDeed deed) => direction =>
    {
        int seen = 0;
        return direction.ToServer != toServer
            ? null
            : (in RelayedContainer container, IBufferWriter<byte> replacement) =>
                container.ContextId == contextId && seen++ == index ? deed(direction, container, replacement) : RelayAction.Forward;
    };
}
