using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>Finds the libcrypto that this process already uses.</summary>
/// <remarks>
/// Loading a libcrypto by name could bring a second version into the process, one that the administrator neither patches nor
/// configures for .NET. So .NET is made to load its own, and that file is used.
/// </remarks>
internal static class LoadedLibCrypto
{
    private const string Maps = "/proc/self/maps";
    private const string FileName = "libcrypto.so.";

    /// <summary>The path of the mapped library, or null.</summary>
    public static string? FindPath()
    {
        try
        {
            _ = SHA256.HashData([]);
            return FindPath(File.ReadLines(Maps));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The path of libcrypto in lines of <c>/proc/self/maps</c>, or null.</summary>
    internal static string? FindPath(IEnumerable<string> maps)
    {
        foreach (string line in maps)
        {
            // address perms offset dev inode path; a file that was replaced since ends in " (deleted)" and no longer is the one in use.
            int path = line.IndexOf('/');
            int name = line.LastIndexOf('/') + 1;
            if (path >= 0 && line.AsSpan(name).StartsWith(FileName, StringComparison.Ordinal)
                && !line.AsSpan(name + FileName.Length).ContainsAnyExcept("0123456789."))
            {
                return line[path..];
            }
        }

        return null;
    }
}
