using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Tlmsp;

/// <summary>
/// X25519 of the OpenSSL that .NET itself has loaded. It is looked up under the name the process has mapped, never the unversioned one,
/// so that no second copy of the library comes in.
/// </summary>
internal static partial class LibCrypto
{
    private const string Name = "tlmsp-libcrypto";
    private const int X25519Id = 1034;   // NID_X25519 = EVP_PKEY_X25519
    private const int KeyLength = 32;
    private static readonly nint Library = Load();

    /// <summary>True when X25519 can be used.</summary>
    public static bool HasX25519 { get; } = Probe();

    public static KeyHandle NewPrivateKey(ReadOnlySpan<byte> scalar)
    {
        KeyHandle key = EVP_PKEY_new_raw_private_key(X25519Id, 0, scalar, (nuint)scalar.Length);
        return key.IsInvalid ? throw new CryptographicException("libcrypto refused an X25519 private key.") : key;
    }

    public static void GetPublicKey(KeyHandle key, Span<byte> point)
    {
        nuint length = (nuint)point.Length;
        if (EVP_PKEY_get_raw_public_key(key, point, ref length) != 1 || length != KeyLength)
        {
            throw new CryptographicException("libcrypto gave no X25519 public key.");
        }
    }

    /// <returns>False when libcrypto refuses the peer's point.</returns>
    public static bool TryDerive(KeyHandle key, ReadOnlySpan<byte> peerPoint, Span<byte> secret)
    {
        using KeyHandle peer = EVP_PKEY_new_raw_public_key(X25519Id, 0, peerPoint, (nuint)peerPoint.Length);
        using ContextHandle context = EVP_PKEY_CTX_new(key, 0);
        if (peer.IsInvalid || context.IsInvalid)
        {
            throw new CryptographicException("libcrypto could not set up X25519.");
        }

        nuint length = (nuint)secret.Length;
        bool good = EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1
            && EVP_PKEY_derive(context, secret, ref length) == 1 && length == KeyLength;
        if (!good)
        {
            // The queue is per thread; what stays in it would be blamed on the next call of .NET's own.
            ERR_clear_error();
        }

        return good;
    }

    private static nint Load()
    {
        NativeLibrary.SetDllImportResolver(
            typeof(LibCrypto).Assembly, static (name, _, _) => name == Name ? Library : 0);
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        // Makes .NET load its OpenSSL if nothing has yet.
        SHA256.HashData([]);
        try
        {
            foreach (string line in File.ReadLines("/proc/self/maps"))
            {
                int slash = line.IndexOf('/', StringComparison.Ordinal);
                string path = slash < 0 ? "" : line[slash..];
                string file = Path.GetFileName(path);
                if (file is "libcrypto.so.3" or "libcrypto.so.1.1" && NativeLibrary.TryLoad(path, out nint library))
                {
                    return library;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc X25519 is not offered.
        }

        return 0;
    }

    private static bool Probe()
    {
        if (Library == 0 || !NativeLibrary.TryGetExport(Library, "EVP_PKEY_new_raw_private_key", out _))
        {
            return false;
        }

        using KeyHandle key = EVP_PKEY_new_raw_private_key(X25519Id, 0, new byte[KeyLength], KeyLength);
        return !key.IsInvalid;
    }

    [LibraryImport(Name)]
    private static partial KeyHandle EVP_PKEY_new_raw_private_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Name)]
    private static partial KeyHandle EVP_PKEY_new_raw_public_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Name)]
    private static partial int EVP_PKEY_get_raw_public_key(KeyHandle key, Span<byte> point, ref nuint length);

    [LibraryImport(Name)]
    private static partial ContextHandle EVP_PKEY_CTX_new(KeyHandle key, nint engine);

    [LibraryImport(Name)]
    private static partial int EVP_PKEY_derive_init(ContextHandle context);

    [LibraryImport(Name)]
    private static partial int EVP_PKEY_derive_set_peer(ContextHandle context, KeyHandle peer);

    [LibraryImport(Name)]
    private static partial int EVP_PKEY_derive(ContextHandle context, Span<byte> secret, ref nuint length);

    [LibraryImport(Name)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Name)]
    private static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Name)]
    private static partial void ERR_clear_error();

    /// <summary>An EVP_PKEY.</summary>
    internal sealed class KeyHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    /// <summary>An EVP_PKEY_CTX.</summary>
    internal sealed class ContextHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            EVP_PKEY_CTX_free(handle);
            return true;
        }
    }
}
