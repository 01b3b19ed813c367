using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tlmsp;
using Tlmsp.AspNetCore;
using Tlmsp.Http;

namespace Microsoft.AspNetCore.Hosting;

/// <summary><c>UseTlmsp()</c>, in the overload family of <c>UseHttps()</c>.</summary>
public static partial class ListenOptionsTlmspExtensions
{
    /// <summary>Speaks TLMSP on this endpoint with the development certificate. No middlebox is allowed.</summary>
    /// <exception cref="InvalidOperationException">There is no development certificate; the message says what to do.</exception>
    public static ListenOptions UseTlmsp(this ListenOptions listenOptions) => listenOptions.UseTlmsp(_ => { });

    /// <summary>Speaks TLMSP on this endpoint.</summary>
    /// <param name="listenOptions">The endpoint.</param>
    /// <param name="certificate">The server's certificate with its private key.</param>
    /// <param name="configure">Further options.</param>
    public static ListenOptions UseTlmsp(this ListenOptions listenOptions, X509Certificate2 certificate, Action<TlmspConnectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return listenOptions.UseTlmsp(options =>
        {
            options.ServerCertificate = certificate;
            configure?.Invoke(options);
        });
    }

    /// <summary>Speaks TLMSP on this endpoint with a certificate from a file. What replaces the file is used for new connections.</summary>
    /// <param name="listenOptions">The endpoint.</param>
    /// <param name="fileName">A PFX file, or a PEM file with certificate and key; relative to the content root.</param>
    /// <param name="password">Its password, if any.</param>
    /// <param name="configure">Further options.</param>
    /// <exception cref="InvalidOperationException">The file does not exist or cannot be used.</exception>
    public static ListenOptions UseTlmsp(this ListenOptions listenOptions, string fileName, string? password = null, Action<TlmspConnectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        return listenOptions.UseTlmsp(options =>
        {
            options.CertificateFiles.Add(CertificateSource.FromFile(fileName, null, password, CertificateSource.ContentRoot(listenOptions.ApplicationServices)));
            configure?.Invoke(options);
        });
    }

    /// <summary>Speaks TLMSP on this endpoint with a certificate from a store.</summary>
    /// <param name="listenOptions">The endpoint.</param>
    /// <param name="storeName">The store.</param>
    /// <param name="subject">Part of the subject name.</param>
    /// <param name="allowInvalid">Whether a certificate that does not validate may be used.</param>
    /// <param name="location">The store's location.</param>
    /// <param name="configure">Further options.</param>
    /// <exception cref="InvalidOperationException">There is no such certificate.</exception>
    public static ListenOptions UseTlmsp(
        this ListenOptions listenOptions, StoreName storeName, string subject, bool allowInvalid = false,
        StoreLocation location = StoreLocation.CurrentUser, Action<TlmspConnectionOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(subject);
        return listenOptions.UseTlmsp(options =>
        {
            options.ServerCertificate = CertificateSource.FromStore(storeName, subject, location, allowInvalid);
            configure?.Invoke(options);
        });
    }

    /// <summary>Speaks TLMSP on this endpoint as a configuration section says, for example <c>endpoint.ConfigSection.GetSection("Tlmsp")</c>.</summary>
    /// <param name="listenOptions">The endpoint.</param>
    /// <param name="section">
    /// Certificate, TrustedRoots, RevocationMode, HandshakeTimeout, Mapping, PlainTls, AllowReferenceMiddleboxes, Middleboxes,
    /// InsertedMiddleboxes, ForbiddenMiddleboxes. Files are relative to the content root.
    /// </param>
    /// <param name="configure">Further options; these win.</param>
    /// <exception cref="InvalidOperationException">A setting is unknown or cannot be used.</exception>
    public static ListenOptions UseTlmsp(this ListenOptions listenOptions, IConfiguration section, Action<TlmspConnectionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        ArgumentNullException.ThrowIfNull(section);
        return listenOptions.UseTlmsp(options =>
        {
            TlmspConfiguration.Apply(section, options, CertificateSource.ContentRoot(listenOptions.ApplicationServices));
            configure?.Invoke(options);
        });
    }

    /// <summary>Speaks TLMSP on this endpoint.</summary>
    /// <exception cref="InvalidOperationException">The options do not fit; the message says how to fix them.</exception>
    public static ListenOptions UseTlmsp(this ListenOptions listenOptions, Action<TlmspConnectionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new TlmspConnectionOptions();
        configure(options);
        return listenOptions.UseTlmsp(options);
    }

    /// <summary>Speaks TLMSP on this endpoint. The protocols of the endpoint are checked when the server starts.</summary>
    /// <param name="listenOptions">The endpoint.</param>
    /// <param name="options">The options; later changes have no effect that could be relied on.</param>
    /// <exception cref="InvalidOperationException">The options do not fit; the message says how to fix them.</exception>
    public static ListenOptions UseTlmsp(this ListenOptions listenOptions, TlmspConnectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(listenOptions);
        ArgumentNullException.ThrowIfNull(options);
        IServiceProvider services = listenOptions.ApplicationServices;
        ILogger logger = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Tlmsp.AspNetCore.TlmspConnectionMiddleware");
        var handshakes = new ServerHandshakes(options, () => listenOptions.Protocols);
        LogCertificateChanges(logger, listenOptions, options);
        services.GetService<ContentContexts>()?.Offer(options.Profiles);
        var metrics = new TlmspMetrics(services.GetService<IMeterFactory>());
        ApplicationFailures? failures = services.GetService<DiagnosticListener>() is { } diagnostics ? new(diagnostics) : null;
        listenOptions.Use(next =>
        {
            CheckProtocols(listenOptions, options);
            ContentContexts.CheckEndpoints(services);
            LogRelaxations(logger, listenOptions, options);
            return new TlmspConnectionMiddleware(next, options, handshakes, metrics, failures, logger).OnConnectionAsync;
        });

        // What passes UseTlmsp() without the TLS feature is a plain TLS hello. Where none may pass it never runs: it makes Kestrel announce
        // the endpoint as https.
        if (options.PlainTls == TlmspPlainTls.Allow)
        {
            CheckNoHttp3(listenOptions);
            return listenOptions.UseHttps(new PlainTlsHttps(options, handshakes).ToCallbackOptions());
        }

        listenOptions.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificateSelector = static (_, _) => null });
        return listenOptions;
    }

    /// <summary>Kestrel asks for the pipeline when it binds: the protocols may have been set after <c>UseTlmsp()</c>.</summary>
    private static void CheckProtocols(ListenOptions listenOptions, TlmspConnectionOptions options)
    {
        CheckNoHttp3(listenOptions);
        if (listenOptions.Protocols == HttpProtocols.Http2 && !options.Profiles.Any(profile => profile.Supports(HttpWireVersion.Http2)))
        {
            throw new InvalidOperationException(
                $"UseTlmsp: HTTP/1.1 is off at {listenOptions}, and every accepted profile has a context for secrets or tunnels, which HTTP/2 does not have "
                + $"({string.Join(", ", options.Profiles)}). Set listenOptions.Protocols with Http1, or add a profile without them.");
        }
    }

    private static void CheckNoHttp3(ListenOptions listenOptions)
    {
        if (listenOptions.Protocols.HasFlag(HttpProtocols.Http3))
        {
            throw new InvalidOperationException(
                $"UseTlmsp: HTTP/3 is on at {listenOptions}. It runs over QUIC, which TLMSP cannot protect. Set listenOptions.Protocols without Http3.");
        }
    }

    private static void LogRelaxations(ILogger logger, ListenOptions listenOptions, TlmspConnectionOptions options)
    {
        if (options.AllowReferenceMiddleboxes)
        {
            LogReferenceMiddleboxes(logger, listenOptions.ToString() ?? "");
        }

        if (options.KeyLogFile is { } keyLog)
        {
            LogKeyLog(logger, listenOptions.ToString() ?? "", keyLog);
        }

        if (options.Mapping != HttpMappingMode.Strict)
        {
            LogRelaxedMapping(logger, listenOptions.ToString() ?? "", options.Mapping);
        }
    }

    private static void LogCertificateChanges(ILogger logger, ListenOptions listenOptions, TlmspConnectionOptions options)
    {
        string endpoint = listenOptions.ToString() ?? "";
        foreach (TlmspCertificateFile file in options.CertificateFiles)
        {
            file.Changed += (changed, problem) =>
            {
                if (problem is null)
                {
                    LogCertificateReplaced(logger, endpoint, changed.CertificatePath, changed.Current.Leaf.NotAfter);
                }
                else
                {
                    LogCertificateKept(logger, endpoint, changed.CertificatePath, problem.Message);
                }
            };
        }
    }

    [LoggerMessage(17, LogLevel.Information, "{Endpoint} uses the new certificate in {CertificatePath}, valid until {NotAfter}.")]
    private static partial void LogCertificateReplaced(ILogger logger, string endpoint, string certificatePath, DateTime notAfter);

    [LoggerMessage(18, LogLevel.Warning, "{Endpoint} keeps its certificate: what is in {CertificatePath} now cannot be used. {Reason}")]
    private static partial void LogCertificateKept(ILogger logger, string endpoint, string certificatePath, string reason);

    [LoggerMessage(10, LogLevel.Warning, "{Endpoint} accepts middleboxes of the ETSI reference stack: SHA-1 signatures, and certificates that do not name the middlebox's address.")]
    private static partial void LogReferenceMiddleboxes(ILogger logger, string endpoint);

    [LoggerMessage(13, LogLevel.Warning, "{Endpoint} writes the keys of every connection to {KeyLogFile}: "
        + "whoever reads that file can read the connections. Remove KeyLogFile when done.")]
    private static partial void LogKeyLog(ILogger logger, string endpoint, string keyLogFile);

    [LoggerMessage(11, LogLevel.Warning, "{Endpoint} uses the relaxed mapping {Mapping}: request content may travel in the head context.")]
    private static partial void LogRelaxedMapping(ILogger logger, string endpoint, HttpMappingMode mapping);
}
