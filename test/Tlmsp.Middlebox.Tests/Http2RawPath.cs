using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>A client and a server that send whatever frames of HTTP/2 a test wants, and a middlebox between them.</summary>
internal sealed class Http2RawPath : IAsyncDisposable, IInspectionSink
{
    public const uint Cancel = 8;
    private readonly TcpListener _listener;

    private Http2RawPath(TcpListener listener) => _listener = listener;

    public TestMiddlebox Middlebox { get; private set; } = null!;

    public Http2RawPeer Client { get; private set; } = null!;

    public Http2RawPeer Server { get; private set; } = null!;

    /// <summary>What the middlebox has recorded.</summary>
    public BlockingCollection<InspectionRecord> Records { get; } = [];

    /// <summary>Connects, and has both sides begin.</summary>
    /// <param name="inspector">Of the middlebox.</param>
    /// <param name="grant">Its rights; to write everything where none is said.</param>
    /// <param name="window">The client's SETTINGS_INITIAL_WINDOW_SIZE; 0 for none.</param>
    /// <param name="confirms">Whether the server confirms it.</param>
    public static async Task<Http2RawPath> StartAsync(ITlmspInspector inspector, Grant? grant = null, uint window = 0, bool confirms = true)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var path = new Http2RawPath(listener);
        var address = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        path.Middlebox = await TestMiddlebox.StartAsync(address, inspector: inspector, services: services => services.AddSingleton<IInspectionSink>(path));
        Task<TlmspPeer> accepting = TlmspPeer.AcceptAsync(listener);
        TlmspClientOptions options = TlmspPeer.ClientOptions(
            address, [path.Middlebox.With(grant ?? Grant.Write(HttpContexts.Headers, HttpContexts.Body))]);
        options.Contexts = [.. HttpProfile.Two.For(HttpWireVersion.Http2).CreateContexts()];
        path.Client = new Http2RawPeer(await TlmspPeer.ConnectAsync(options), preface: 0);
        path.Server = new Http2RawPeer(await accepting, Http2Frame.Preface.Length);

        byte[] setting = new byte[Http2Setting.Size];
        new Http2Setting(Http2Setting.InitialWindowSize, window).Write(setting);
        await path.Client.SendAsync([.. Http2Frame.Preface, .. Http2RawPeer.Frame(Http2FrameType.Settings, 0, 0, window == 0 ? [] : setting)]);
        await path.Server.SendAsync(Http2RawPeer.Frame(Http2FrameType.Settings, 0, 0, []));
        await path.Client.SendAsync(Http2RawPeer.Confirmation);
        if (confirms)
        {
            await path.Server.SendAsync(Http2RawPeer.Confirmation);
        }

        return path;
    }

    /// <summary>What the server has received on streams by the time that all has passed which the client has sent.</summary>
    public Task<List<Http2RawFrame>> ReachedAsync() => PingAsync(Client, Server);

    /// <summary>What the client has received on streams by the time that all has passed which either has sent.</summary>
    public async Task<List<Http2RawFrame>> AnsweredAsync()
    {
        await PingAsync(Client, Server);
        return await PingAsync(Server, Client);
    }

    public ValueTask OnMessageAsync(InspectionRecord record, CancellationToken cancellationToken)
    {
        Records.Add(record, cancellationToken);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        await Middlebox.DisposeAsync();
        _listener.Stop();
        Records.Dispose();
    }

    private static async Task<List<Http2RawFrame>> PingAsync(Http2RawPeer from, Http2RawPeer to)
    {
        await from.SendAsync(Http2RawPeer.Frame(Http2FrameType.Ping, 0, 0, new byte[8]));
        return [.. (await to.ReceiveToAsync(frame => frame.Type == Http2FrameType.Ping)).Where(frame => frame.Stream != 0)];
    }
}

/// <summary>A frame as it came.</summary>
internal sealed record Http2RawFrame(Http2FrameType Type, int Stream, byte Flags, byte[] Payload)
{
    /// <summary>Its status, in a field block that refers to no table.</summary>
    public string Status => Type == Http2FrameType.Headers ? System.Text.Encoding.Latin1.GetString(Payload.AsSpan(10, 3)) : "";
}

/// <summary>One side.</summary>
internal sealed class Http2RawPeer(TlmspPeer peer, int preface) : IAsyncDisposable
{
    private readonly List<byte> _bytes = [];
    private int _preface = preface;

    public static byte[] Confirmation => Frame(Http2FrameType.Settings, 1, 0, []);

    public TlmspPeer Peer => peer;

    public static byte[] Frame(Http2FrameType type, byte flags, int stream, byte[] payload)
    {
        byte[] frame = new byte[Http2Frame.HeaderSize + payload.Length];
        new Http2Frame(payload.Length, type, flags, (uint)stream).Write(frame);
        payload.CopyTo(frame, Http2Frame.HeaderSize);
        return frame;
    }

    public static byte[] Request(int stream, string line, bool endsStream = true) => Http2HeadWriter.Write(
        new HttpHead(HttpDirection.Request, $"{line} HTTP/2", [new HttpField("host", "localhost")]) { StreamId = stream }, endsStream);

    public static byte[] Response(int stream, int status, bool endsStream = false) =>
        Http2HeadWriter.Write(new HttpHead(HttpDirection.Response, $"HTTP/2 {status}", []) { StreamId = stream }, endsStream);

    public static byte[] Data(int stream, int length, bool endsStream = false) =>
        Frame(Http2FrameType.Data, endsStream ? Http2Frame.EndStream : (byte)0, stream, new byte[length]);

    public static byte[] Reset(int stream, uint code = Http2RawPath.Cancel) => Http2Outgoing.Frame(Http2FrameType.RstStream, stream, code);

    public static byte[] Widen(int stream, uint increment) => Http2Outgoing.Frame(Http2FrameType.WindowUpdate, stream, increment);

    /// <summary>Sends frames other than DATA, in one container.</summary>
    public Task SendAsync(params byte[][] frames) => peer.SendAsync(HttpContexts.Headers, frames.SelectMany(frame => frame).ToArray());

    /// <summary>Sends frames in one write, each in a container.</summary>
    public Task SendAllAsync(params byte[][] frames) => peer.SendAllAsync(
        [.. frames.Select(frame => (frame[3] == (byte)Http2FrameType.Data ? HttpContexts.Body : HttpContexts.Headers, frame))]);

    /// <summary>Receives up to a frame that meets a condition.</summary>
    public async Task<List<Http2RawFrame>> ReceiveToAsync(Predicate<Http2RawFrame> isLast)
    {
        var frames = new List<Http2RawFrame>();
        do
        {
            frames.Add(await ReceiveAsync());
        }
        while (!isLast(frames[^1]));
        return frames;
    }

    public ValueTask DisposeAsync() => peer.DisposeAsync();

    private async Task<Http2RawFrame> ReceiveAsync()
    {
        while (_bytes.Count < _preface + Http2Frame.HeaderSize || _bytes.Count < _preface + Http2Frame.HeaderSize + Header().Length)
        {
            _bytes.AddRange((await peer.ReceiveAsync() ?? throw new IOException("The connection ended.")).Data);
        }

        Http2Frame header = Header();
        int start = _preface + Http2Frame.HeaderSize;
        byte[] payload = [.. _bytes[start..(start + header.Length)]];
        _bytes.RemoveRange(0, start + header.Length);
        _preface = 0;
        return new Http2RawFrame(header.Type, (int)header.StreamId, header.Flags, payload);
    }

    private Http2Frame Header() => Http2Frame.Read([.. _bytes[_preface..(_preface + Http2Frame.HeaderSize)]]);
}
