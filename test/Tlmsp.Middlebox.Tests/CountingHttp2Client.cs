using System.Buffers.Binary;
using Tlmsp.Http;
using Tlmsp.TestSupport;

namespace Tlmsp.Middlebox.Tests;

/// <summary>
/// An HTTP/2 client of the smallest windows there are, which counts them (RFC 9113 §6.9) and throws where a sender uses more, gives back
/// only when it has to, and does not send more than it was given either.
/// </summary>
internal sealed class CountingHttp2Client : IAsyncDisposable
{
    private const int Window = Http2Setting.DefaultWindowSize;
    private readonly TlmspPeer _peer;
    private readonly Http2Streams _streams = new();
    private readonly Http2BlockReader _heads;
    private readonly List<byte> _bytes = [];
    private readonly Dictionary<int, Stream> _open = [];
    private int _received = Window;     // what the other side may send
    private long _toSend = Window;      // what we may
    private long _toSendPerStream = Window;
    private int _last = -1;

    private CountingHttp2Client(TlmspPeer peer)
    {
        _peer = peer;
        _heads = new Http2BlockReader(HttpDirection.Response, _streams, HttpFramerLimits.Default);
    }

    /// <summary>The connection window that is left when all of it has been given back but for what it waits with.</summary>
    public int LeastWindow { get; private set; } = Window;

    public static async Task<CountingHttp2Client> ConnectAsync(Uri server, TestMiddlebox box)
    {
        HttpProfile profile = HttpProfile.Two.For(HttpWireVersion.Http2);
        var peer = await TlmspPeer.ConnectAsync(new TlmspClientOptions
        {
            ServerAddress = TlmspAddress.Parse($"tlmsp://{server.Host}:{server.Port}"),
            Contexts = [.. profile.CreateContexts()],
            Middleboxes = [box.With(Grant.Write(HttpContexts.Headers, HttpContexts.Body))],
            Trust = TestCertificates.Trust(),
        });
        var client = new CountingHttp2Client(peer);
        byte[] noTable = new byte[Http2Setting.Size];
        new Http2Setting(Http2Setting.HeaderTableSize, 0).Write(noTable);
        await peer.SendAsync(HttpContexts.Headers, (byte[])[.. Http2Frame.Preface, .. Frame(Http2FrameType.Settings, 0, 0, noTable)]);
        return client;
    }

    /// <summary>Begins a request.</summary>
    /// <returns>Its stream.</returns>
    public async Task<int> OpenAsync(string method, string target, bool endsStream = true)
    {
        int id = _last += 2;
        _open[id] = new Stream { ToSend = _toSendPerStream };
        var head = new HttpHead(HttpDirection.Request, $"{method} {target} HTTP/2", [new HttpField("host", "localhost")]) { StreamId = id };
        await _peer.SendAsync(HttpContexts.Headers, Http2HeadWriter.Write(head, endsStream));
        return id;
    }

    /// <summary>Sends content as far as the windows go, and takes what comes meanwhile where they do not.</summary>
    /// <returns>How much the other side let it send before it reset the stream.</returns>
    public async Task<int> UploadAsync(int id, int length, bool endsStream = true)
    {
        int sent = 0;
        while (sent < length && !_open[id].IsReset)
        {
            int octets = (int)Math.Min(Math.Min(_toSend, _open[id].ToSend), Math.Min(length - sent, 10_000));
            if (octets <= 0)
            {
                await TakeAsync();
                continue;
            }

            sent += octets;
            _toSend -= octets;
            _open[id].ToSend -= octets;
            byte flags = endsStream && sent == length ? Http2Frame.EndStream : (byte)0;
            await _peer.SendAsync(HttpContexts.Body, Frame(Http2FrameType.Data, flags, id, new byte[octets]));
        }

        return sent;
    }

    public Task ResetAsync(int id) => _peer.SendAsync(HttpContexts.Headers, Http2Outgoing.Frame(Http2FrameType.RstStream, id, 8));

    /// <summary>Takes frames until content of a stream comes, or it is complete.</summary>
    public async Task BeginAsync(int id)
    {
        while (_open[id] is { Length: 0, IsComplete: false })
        {
            await TakeAsync();
        }
    }

    /// <summary>Takes frames until a stream is complete.</summary>
    public async Task<(int Status, int Length, bool IsReset)> CompleteAsync(int id)
    {
        Stream stream = _open[id];
        while (!stream.IsComplete && !(stream.IsReset && stream.Status == 0))
        {
            await TakeAsync();
        }

        return (stream.Status, stream.Length, stream.IsReset);
    }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    private async Task TakeAsync()
    {
        while (_bytes.Count < Http2Frame.HeaderSize || _bytes.Count < Http2Frame.HeaderSize + Http2Frame.Read([.. _bytes[..Http2Frame.HeaderSize]]).Length)
        {
            _bytes.AddRange((await _peer.ReceiveAsync() ?? throw new IOException("The connection ended.")).Data);
        }

        Http2Frame frame = Http2Frame.Read([.. _bytes[..Http2Frame.HeaderSize]]);
        byte[] payload = [.. _bytes[Http2Frame.HeaderSize..(Http2Frame.HeaderSize + frame.Length)]];
        _bytes.RemoveRange(0, Http2Frame.HeaderSize + frame.Length);
        Stream? stream = _open.GetValueOrDefault((int)frame.StreamId);
        switch (frame.Type)
        {
            case Http2FrameType.Headers:
                stream!.Status = _heads.Read(frame, new Http2Piece(Http2PieceKind.Block, true), payload)!.StatusCode;
                break;
            case Http2FrameType.Data:
                await TakeDataAsync(frame.StreamId, stream!, frame.Length);
                break;
            case Http2FrameType.RstStream:
                stream!.IsReset = true;
                break;
            case Http2FrameType.WindowUpdate when stream is null:
                _toSend += BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
            case Http2FrameType.WindowUpdate:
                stream.ToSend += BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
            case Http2FrameType.Settings when !frame.IsAck:
                for (int at = 0; at < payload.Length; at += Http2Setting.Size)
                {
                    Http2Setting setting = Http2Setting.Read(payload.AsSpan(at));
                    _toSendPerStream = setting.Id == Http2Setting.InitialWindowSize ? setting.Value : _toSendPerStream;
                }

                await _peer.SendAsync(HttpContexts.Headers, Frame(Http2FrameType.Settings, 1, 0, []));
                break;
        }

        if (stream is not null && frame.EndsStream)
        {
            stream.IsComplete = true;
        }
    }

    private async Task TakeDataAsync(uint id, Stream stream, int octets)
    {
        _received -= octets;
        stream.ToReceive -= octets;
        stream.Length += octets;
        LeastWindow = Math.Min(LeastWindow, Math.Min(_received, stream.ToReceive));
        if (LeastWindow < 0)
        {
            throw new InvalidDataException($"FLOW_CONTROL_ERROR: {-LeastWindow} octets more than the window of stream {id} or of the connection.");
        }

        // As late as can be: only at 20000 the window is made full again.
        if (stream.ToReceive < 20_000)
        {
            await _peer.SendAsync(HttpContexts.Headers, Http2Outgoing.Frame(Http2FrameType.WindowUpdate, (int)id, (uint)(Window - stream.ToReceive)));
            stream.ToReceive = Window;
        }

        if (_received < 20_000)
        {
            await _peer.SendAsync(HttpContexts.Headers, Http2Outgoing.Frame(Http2FrameType.WindowUpdate, 0, (uint)(Window - _received)));
            _received = Window;
        }
    }

    private static byte[] Frame(Http2FrameType type, byte flags, int stream, byte[] payload)
    {
        byte[] frame = new byte[Http2Frame.HeaderSize + payload.Length];
        new Http2Frame(payload.Length, type, flags, (uint)stream).Write(frame);
        payload.CopyTo(frame, Http2Frame.HeaderSize);
        return frame;
    }

    private sealed class Stream
    {
        public int Status { get; set; }

        public int Length { get; set; }

        public int ToReceive { get; set; } = Window;

        public long ToSend { get; set; }

        public bool IsComplete { get; set; }

        public bool IsReset { get; set; }
    }
}
