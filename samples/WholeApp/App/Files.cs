using System.Security.Cryptography;

namespace WholeApp.App;

/// <summary>Files: a form with one goes up, and streams come down, whole or in part.</summary>
internal static class Files
{
    public static void MapFiles(this WebApplication app)
    {
        app.MapPost("/files", async (IFormFile file) =>
        {
            await using Stream stream = file.OpenReadStream();
            return Results.Ok(new { file.FileName, file.Length, Sha256 = Convert.ToHexString(await SHA256.HashDataAsync(stream)) });
        }).DisableAntiforgery();
        app.MapGet("/files/{length:int}", (int length) => Results.File(Content(length), "application/octet-stream", enableRangeProcessing: true));
    }

    /// <summary>The bytes of a file, which both sides can make.</summary>
    public static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }
}
