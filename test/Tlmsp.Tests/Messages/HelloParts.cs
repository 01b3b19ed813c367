namespace Tlmsp.Tests.Messages;

/// <summary>The fields of a hello, to be changed into ones that no builder of ours writes.</summary>
public sealed class HelloParts
{
    private readonly byte _type;
    private readonly byte[] _random;

    internal HelloParts(ClientHello hello)
    {
        _type = 1;
        _random = hello.Random;
        Version = hello.Version;
        SessionId = hello.SessionId;
        Suites = [.. hello.CipherSuites.SelectMany(suite => (byte[])[(byte)(suite >> 8), (byte)suite])];
        Extensions = [.. hello.Extensions.Types.Select(type => (type, hello.Extensions.Find(type)!))];
    }

    internal HelloParts(ServerHello hello)
    {
        _type = 2;
        _random = hello.Random;
        Version = hello.Version;
        Suites = [(byte)(hello.CipherSuite >> 8), (byte)hello.CipherSuite];
        Extensions = [.. hello.Extensions.Types.Select(type => (type, hello.Extensions.Find(type)!))];
    }

    public ushort Version { get; set; }

    public byte[] SessionId { get; set; } = [];

    public byte[] Suites { get; set; }

    public byte[] Compression { get; set; } = [0];

    public List<(ushort Type, byte[] Data)> Extensions { get; }

    public bool OmitExtensions { get; set; }

    public byte[] Trailer { get; set; } = [];

    public void Remove(ushort type) => Extensions.RemoveAll(extension => extension.Type == type);

    public void Replace(ushort type, byte[] data) => Extensions[Extensions.FindIndex(extension => extension.Type == type)] = (type, data);

    public byte[] ToMessage()
    {
        bool client = _type == 1;
        WireWriter writer = WireWriter.Message((HandshakeType)_type);
        writer.U16(Version);
        writer.Bytes(_random);
        writer.Vector8(SessionId);
        if (client)
        {
            writer.Vector16(Suites);
            writer.Vector8(Compression);
        }
        else
        {
            writer.Bytes(Suites);
            writer.Bytes(Compression);
        }

        if (!OmitExtensions)
        {
            byte[] list = [.. Extensions.SelectMany(extension => (byte[])
                [
                    (byte)(extension.Type >> 8), (byte)extension.Type,
                    (byte)(extension.Data.Length >> 8), (byte)extension.Data.Length, .. extension.Data,
                ])];
            writer.Vector16(list);
        }

        writer.Bytes(Trailer);
        return writer.ToMessage();
    }
}
