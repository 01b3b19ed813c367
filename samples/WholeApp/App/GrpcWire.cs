using System.Buffers.Binary;

namespace WholeApp.App;

/// <summary>gRPC messages of one number: a 5-byte prefix, and a protobuf message with field 1 as a varint.</summary>
internal static class GrpcWire
{
    private const int Prefix = 5;
    private const byte FieldOneVarint = 0x08;

    public static async Task WriteAsync(Stream stream, long number)
    {
        byte[] message = new byte[Prefix + 11];
        int length = Prefix;
        message[length++] = FieldOneVarint;
        ulong rest = (ulong)number;
        for (; rest >= 0x80; rest >>= 7)
        {
            message[length++] = (byte)(rest | 0x80);
        }

        message[length++] = (byte)rest;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), length - Prefix);
        await stream.WriteAsync(message.AsMemory(0, length));
    }

    public static async IAsyncEnumerable<long> ReadAllAsync(Stream stream)
    {
        byte[] prefix = new byte[Prefix];
        while (await stream.ReadAtLeastAsync(prefix, Prefix, throwOnEndOfStream: false) is > 0 and int read)
        {
            byte[] message = read == Prefix && prefix[0] == 0
                ? new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))]
                : throw new InvalidDataException("no gRPC message");
            await stream.ReadExactlyAsync(message);
            ulong number = 0;
            for (int i = 1; i < message.Length; i++)
            {
                number |= (ulong)(message[i] & 0x7f) << (7 * (i - 1));
            }

            yield return (long)number;
        }
    }
}
