namespace WholeApp.Client;

/// <summary>Something the application does, and how a client finds out whether it does.</summary>
/// <param name="Name">What it is.</param>
/// <param name="OverHttp11">Whether it exists over HTTP/1.1.</param>
/// <param name="OverHttp2">Whether it exists over HTTP/2.</param>
/// <param name="WorksAsync">Tries it.</param>
internal sealed record Feature(string Name, bool OverHttp11, bool OverHttp2, Func<HttpClient, HttpMessageHandler, Task<bool>> WorksAsync);
