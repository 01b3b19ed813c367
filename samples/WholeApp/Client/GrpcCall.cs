using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using WholeApp.App;

namespace WholeApp.Client;

/// <summary>One gRPC call.</summary>
internal sealed class GrpcCall : IAsyncDisposable
{
    private readonly Channel<long> _numbers = Channel.CreateUnbounded<long>();
    private readonly Task<HttpResponseMessage> _response;

    private GrpcCall(HttpClient client, string method)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/calc.Calculator/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Numbers(_numbers.Reader),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        _response = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Starts a call, and with numbers given, sends them and nothing more.</summary>
    public static GrpcCall StartAsync(HttpClient client, string method, params int[] numbers)
    {
        var call = new GrpcCall(client, method);
        foreach (int number in numbers)
        {
            call._numbers.Writer.TryWrite(number);
        }

        if (numbers.Length > 0)
        {
            call.Complete();
        }

        return call;
    }

    public ValueTask SendAsync(long number) => _numbers.Writer.WriteAsync(number);

    public void Complete() => _numbers.Writer.Complete();

    public async IAsyncEnumerable<long> RepliesAsync()
    {
        HttpResponseMessage response = await _response;
        await foreach (long number in GrpcWire.ReadAllAsync(await response.Content.ReadAsStreamAsync()))
        {
            yield return number;
        }
    }

    /// <summary>The status of a call whose replies have been read.</summary>
    public async Task<int> StatusAsync() =>
        int.Parse((await _response).TrailingHeaders.GetValues("grpc-status").Single(), CultureInfo.InvariantCulture);

    public async Task<(int Status, List<long> Replies)> ResultAsync()
    {
        await using GrpcCall call = this;
        List<long> replies = await RepliesAsync().ToListAsync();
        return (await StatusAsync(), replies);
    }

    public async ValueTask DisposeAsync()
    {
        _numbers.Writer.TryComplete();
        (await _response).Dispose();
    }

    /// <summary>Messages that are sent as they come.</summary>
    private sealed class Numbers : HttpContent
    {
        private readonly ChannelReader<long> _numbers;

        public Numbers(ChannelReader<long> numbers)
        {
            _numbers = numbers;
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await foreach (long number in _numbers.ReadAllAsync())
            {
                await GrpcWire.WriteAsync(stream, number);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
