using System.Buffers;
using Tlmsp.TestSupport;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Tests;

/// <summary>
/// A session in memory with a key log per party: the first middlebox reads context 1, the second writes context 2, which is audited;
/// context 3 is nobody's but the endpoints'.
/// </summary>
internal sealed class CapturedPath : IDisposable
{
    private readonly string _folder;
    private readonly InMemoryPath _path;

    public CapturedPath(string folder)
    {
        _folder = folder;
        TlmspClientOptions client = TestPaths.Client(audited: false, Grant.Parse("1=r"), Grant.Parse("2=rw"));
        client.Contexts = [new TlmspContext(1, "head"), new TlmspContext(2, "body", audited: true), new TlmspContext(3)];
        TlmspServerOptions server = TestPaths.Server();
        TlmspMiddleboxOptions[] boxes = [TestPaths.Middlebox(0), TestPaths.Middlebox(1)];
        client.KeyLog = TlmspKeyLog.ToFile(KeyLog("client"));
        server.KeyLog = TlmspKeyLog.ToFile(KeyLog("server"));
        boxes[0].KeyLog = TlmspKeyLog.ToFile(KeyLog("box0"));
        boxes[1].KeyLog = TlmspKeyLog.ToFile(KeyLog("box1"));

        _path = new InMemoryPath(client, server, boxes);
        _path.Handlers[1, 0] = new Changer();
        _path.Connect();
        _path.ClientSends(1, "a head of the client"u8);
        _path.ClientSends(2, "secret content"u8);
        _path.ClientSends(2, "to be deleted"u8);
        _path.ClientSends(3, "for the server alone"u8);
        _path.ServerSends(1, "a head of the server"u8);
        _path.ServerSends(2, "an answer"u8);
    }

    /// <summary>Ids of the middleboxes as they are shown.</summary>
    public string[] Boxes => [.. _path.Client!.Info.Middleboxes.Select(box => PathText.Entity(box.Id))];

    public string KeyLog(string party) => Path.Combine(_folder, $"{party}.log");

    /// <summary>The bytes of a hop, each write by itself.</summary>
    public (List<byte[]> ToServer, List<byte[]> ToClient) Hop(int hop) =>
        (_path.Hops[hop].ToServer.Writes, _path.Hops[hop].ToClient.Writes);

    /// <summary>Writes the bytes of a hop to two files.</summary>
    /// <param name="hop">0 is next to the client.</param>
    /// <param name="change">Changes the bytes towards the server.</param>
    /// <returns>The arguments that name them.</returns>
    public string[] Files(int hop, Func<byte[], byte[]>? change = null)
    {
        string[] files = [Path.Combine(_folder, $"up{hop}"), Path.Combine(_folder, $"down{hop}")];
        byte[] up = [.. Hop(hop).ToServer.SelectMany(write => write)];
        File.WriteAllBytes(files[0], change is null ? up : change(up));
        File.WriteAllBytes(files[1], [.. Hop(hop).ToClient.SelectMany(write => write)]);
        return ["--to-server", files[0], "--to-client", files[1]];
    }

    public void Dispose() => _path.Dispose();

    private sealed class Changer : IContainerRelayHandler
    {
        public RelayAction OnContainer(in RelayedContainer container, IBufferWriter<byte> replacement)
        {
            if (container.ContextId == 2 && container.Plaintext.SequenceEqual("secret content"u8))
            {
                replacement.Write("hidden content"u8);
                return RelayAction.Modify;
            }

            return container.ContextId == 2 && container.Plaintext.StartsWith("to be deleted"u8) ? RelayAction.Delete : RelayAction.Forward;
        }
    }
}
