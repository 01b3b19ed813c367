using System.Net;

namespace Tlmsp.Interop.Tests.Hostile;

/// <summary>An exchange of the honest client whose content is held back half-way, so that it is under way during an attack.</summary>
internal sealed class HonestExchange : HttpContent
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<HttpResponseMessage>? _response;

    public static async Task<HonestExchange> BeginAsync(HttpClient client)
    {
        var exchange = new HonestExchange();
        exchange._response = client.PostAsync("/echo?honest", exchange);
        await await Task.WhenAny(exchange._begun.Task, exchange._response);
        return exchange;
    }

    /// <summary>Lets the second half go and checks the answer.</summary>
    public async Task EndAsync()
    {
        _goOn.SetResult();
        using HttpResponseMessage response = await _response!;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("before and after", await response.Content.ReadAsStringAsync());
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync("before "u8.ToArray());
        await stream.FlushAsync();
        _begun.SetResult();
        await _goOn.Task;
        await stream.WriteAsync("and after"u8.ToArray());
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
