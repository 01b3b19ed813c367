using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Tlmsp;

/// <summary>The few functions of OpenSSL's libcrypto that X25519 needs; nothing else of it is used directly.</summary>
internal static partial class LibCrypto
{
    /// <summary>NID_X25519.</summary>
    public const int X25519 = 1034;

    // No file has this name, so if the resolver found nothing the loader cannot pick up some other OpenSSL by itself.
    private const string Library = "tlmsp-libcrypto-of-dotnet";

    private static readonly string[] s_required =
    [
        "EVP_PKEY_new_raw_private_key", "EVP_PKEY_new_raw_public_key", "EVP_PKEY_get_raw_public_key", "EVP_PKEY_free",
        "EVP_PKEY_CTX_new", "EVP_PKEY_CTX_free", "EVP_PKEY_derive_init", "EVP_PKEY_derive_set_peer", "EVP_PKEY_derive", "ERR_clear_error",
    ];

    private static readonly nint s_handle = Load();

    static LibCrypto()
    {
        NativeLibrary.SetDllImportResolver(typeof(LibCrypto).Assembly, static (name, _, _) => name == Library ? s_handle : 0);
        HasX25519 = s_handle != 0 && ProbeX25519();
    }

    /// <summary>Whether X25519 works here: it may be missing, or be turned off by a FIPS provider.</summary>
    public static bool HasX25519 { get; }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    public static partial PKeyHandle NewRawPrivateKey(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    public static partial PKeyHandle NewRawPublicKey(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    public static partial int GetRawPublicKey(PKeyHandle key, Span<byte> point, ref nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_new")]
    public static partial PKeyContextHandle NewContext(PKeyHandle key, nint engine);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive_init")]
    public static partial int DeriveInit(PKeyContextHandle context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive_set_peer")]
    public static partial int DeriveSetPeer(PKeyContextHandle context, PKeyHandle peer);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_derive")]
    public static partial int Derive(PKeyContextHandle context, Span<byte> secret, ref nuint length);

    /// <summary>After a failure: errors left in the thread's queue would confuse the next user of OpenSSL.</summary>
    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    private static partial void FreeContext(nint context);

    private static nint Load()
    {
        if (!OperatingSystem.IsLinux() || LoadedLibCrypto.FindPath() is not { } path || !NativeLibrary.TryLoad(path, out nint handle))
        {
            return 0;
        }

        return Array.TrueForAll(s_required, name => NativeLibrary.TryGetExport(handle, name, out _)) ? handle : 0;
    }

    private static bool ProbeX25519()
    {
        Span<byte> scalar = stackalloc byte[32];
        scalar.Fill(0x40);
        using PKeyHandle key = NewRawPrivateKey(X25519, 0, scalar, 32);
        using PKeyContextHandle context = key.IsInvalid ? new PKeyContextHandle() : NewContext(key, 0);
        bool works = !context.IsInvalid && DeriveInit(context) == 1;
        if (!works)
        {
            ClearErrors();
        }

        return works;
    }

    /// <summary>An EVP_PKEY.</summary>
    internal sealed class PKeyHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeKey(handle);
            return true;
        }
    }

    /// <summary>An EVP_PKEY_CTX.</summary>
    internal sealed class PKeyContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeContext(handle);
            return true;
        }
    }
}
