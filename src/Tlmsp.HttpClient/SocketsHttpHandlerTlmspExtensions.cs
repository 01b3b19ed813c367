using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Tlmsp;
using Tlmsp.Client;

namespace System.Net.Http;

/// <summary>TLMSP for a <see cref="SocketsHttpHandler"/> and everything that is built on one.</summary>
public static class SocketsHttpHandlerTlmspExtensions
{
    /// <summary>Makes every connection of a handler a TLMSP connection; <c>https</c> URIs stay as they are.</summary>
    /// <remarks>
    /// Use one handler per middlebox policy: connections are pooled by scheme, host and port alone. A proxy of the handler becomes the proxy
    /// of TLMSP. HTTP/3 does not go through the connection callback and fails; <see cref="TlmspHandler"/> keeps requests away from it.
    /// </remarks>
    /// <param name="handler">A handler that has not been used yet.</param>
    /// <param name="configure">The options.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message says how to fix them.</exception>
    /// <exception cref="InvalidOperationException">The handler has a callback or TLS options that TLMSP would bypass.</exception>
    public static SocketsHttpHandler UseTlmsp(this SocketsHttpHandler handler, Action<TlmspHttpOptions>? configure = null)
    {
        UseTlmsp(handler, configure, fallback: null);
        return handler;
    }

    /// <param name="handler">A handler that has not been used yet.</param>
    /// <param name="configure">The options.</param>
    /// <param name="fallback">Makes plain TLS where the options allow it; null where responses would not show it.</param>
    /// <returns>The options.</returns>
    internal static TlmspHttpOptions UseTlmsp(SocketsHttpHandler handler, Action<TlmspHttpOptions>? configure, PlainTlsFallback? fallback)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (handler.ConnectCallback is not null || handler.PlaintextStreamFilter is not null)
        {
            throw new InvalidOperationException("UseTlmsp: the handler has a ConnectCallback or PlaintextStreamFilter already. Use a handler of its own for TLMSP.");
        }

        ThrowIfSslOptions(handler.SslOptions);
        var options = new TlmspHttpOptions { Proxy = handler.UseProxy ? handler.Proxy : null };
        configure?.Invoke(options);
        options.Validate();
        if (options.AllowPlainTls && fallback is null)
        {
            throw new ArgumentException(
                "AllowPlainTls needs a TlmspHandler: only its responses tell plain TLS from TLMSP. Use one instead of UseTlmsp.");
        }

        if (fallback is null && options.Content.Names.Any())
        {
            throw new ArgumentException("Content needs a TlmspHandler, which has requests name their content context. Use one instead of UseTlmsp.");
        }

        // With a proxy of its own the handler would run plain TLS through it, and the system's would be a silent way around.
        handler.Proxy = null;
        handler.UseProxy = false;
        handler.ConnectCallback = new TlmspConnections(options, fallback).ConnectAsync;
        handler.PlaintextStreamFilter = TlmspConnections.FilterAsync;

        // Whatever TLS the handler would do itself, over TCP or QUIC, must not come to anything.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => false;
        return options;
    }

    /// <summary>TLS options that somebody set and that would have no effect.</summary>
    private static void ThrowIfSslOptions(SslClientAuthenticationOptions ssl)
    {
        (string Option, bool IsSet, string Instead)[] options =
        [
            (nameof(ssl.RemoteCertificateValidationCallback), ssl.RemoteCertificateValidationCallback is not null, "Set tlmsp.Trust.ValidationCallback instead."),
            (nameof(ssl.CertificateRevocationCheckMode), ssl.CertificateRevocationCheckMode != X509RevocationMode.NoCheck, "Set tlmsp.Trust.RevocationMode instead."),
            (nameof(ssl.CertificateChainPolicy), ssl.CertificateChainPolicy is not null, "Set tlmsp.Trust.ChainPolicy instead."),
            (nameof(ssl.TargetHost), ssl.TargetHost is not null, "Set tlmsp.ServerName instead."),
            (nameof(ssl.CipherSuitesPolicy), ssl.CipherSuitesPolicy is not null, "Set tlmsp.CipherSuites instead."),
            (nameof(ssl.EnabledSslProtocols), ssl.EnabledSslProtocols != SslProtocols.None, "Remove it: TLMSP extends TLS 1.2."),
            (nameof(ssl.ApplicationProtocols), ssl.ApplicationProtocols is not null, "Remove it: the version of a request says it."),
            (nameof(ssl.ClientCertificates), ssl.ClientCertificates is { Count: > 0 }, "Set tlmsp.ClientCertificate instead."),
            (nameof(ssl.ClientCertificateContext), ssl.ClientCertificateContext is not null, "Set tlmsp.ClientCertificate instead."),
            (nameof(ssl.LocalCertificateSelectionCallback), ssl.LocalCertificateSelectionCallback is not null, "Set tlmsp.ClientCertificate instead."),
        ];
        foreach ((string option, bool isSet, string instead) in options)
        {
            if (isSet)
            {
                throw new InvalidOperationException($"UseTlmsp: SslOptions.{option} of the handler has no effect on TLMSP. {instead}");
            }
        }
    }
}
