using Tlmsp.Http;

namespace Tlmsp.Middlebox.Tests.Properties;

/// <summary>The connection of a case.</summary>
internal sealed class InspectedConnection : IDisposable
{
    private readonly InspectionCase _case;
    private readonly PumpedPath _path;

    private InspectedConnection(InspectionCase each)
    {
        byte[] ids = [.. each.Profile.ContextIds];
        _case = each;
        _path = new PumpedPath(each.Profile, each.MayWrite ? Grant.Write(ids) : Grant.Read(ids), each.Audited, each.Inspectors());
    }

    public PumpedWay Requests => _path.Requests;

    public PumpedWay Responses => _path.Responses;

    private bool IsHttp2 => _case.Profile.Version == HttpWireVersion.Http2;

    /// <summary>Connects; over HTTP/2 both sides have begun.</summary>
    public static async Task<InspectedConnection> StartAsync(InspectionCase each)
    {
        var connection = new InspectedConnection(each);
        if (connection.IsHttp2)
        {
            await connection.SendAsync(connection.Requests, Http2Wire.Start(isClient: true));
            await connection.SendAsync(connection.Responses, [.. Http2Wire.Start(isClient: false), .. Http2Wire.Acknowledgement]);
            await connection.SendAsync(connection.Requests, Http2Wire.Acknowledgement);
        }

        return connection;
    }

    public Task SendRequestsAsync() => SendAsync(Requests, Write(_case.Requests));

    public Task SendResponsesAsync(Sending[] responses) => SendAsync(Responses, Write(responses));

    public List<Message> ReadRequests()
    {
        Requests.Receive();
        return Read(Requests);
    }

    public List<Message> ReadResponses()
    {
        Responses.Receive();
        return Read(Responses);
    }

    /// <summary>What an endpoint has received.</summary>
    public List<Message> Read(PumpedWay way) => IsHttp2 ? Http2Wire.Read(way.Received, way == Requests) : Http1Wire.Read(way.Received);

    public void Dispose() => _path.Dispose();

    private byte[] Write(Sending[] sendings) => IsHttp2 ? Http2Wire.Write(sendings, _case.Picks) : Http1Wire.Write(sendings);

    private Task SendAsync(PumpedWay way, byte[] stream) => way.SendAsync(stream, _case.Containers, _case.Reads);
}
