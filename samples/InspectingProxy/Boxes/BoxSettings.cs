namespace InspectingProxy.Boxes;

/// <summary>What a box is there for.</summary>
internal enum BoxKind
{
    /// <summary>Lets requests for known targets pass.</summary>
    Waf,

    /// <summary>Stops responses that hold what must not leave.</summary>
    Dlp,

    /// <summary>Lets requests with a valid token pass.</summary>
    Gateway,
}

/// <summary>All that a box has to be told, as it stands in its file. Paths are relative to the working directory.</summary>
internal sealed class BoxSettings
{
    /// <summary>What it is there for.</summary>
    public required BoxKind Kind { get; init; }

    /// <summary>What clients list it under, such as <c>waf.example:7001</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Where it listens, such as <c>10.0.0.7:7001</c>; by default every interface, and the port of its address.</summary>
    public string? Listen { get; init; }

    /// <summary>Its certificate, a PEM file.</summary>
    public required string Certificate { get; init; }

    /// <summary>The key of the certificate, a PEM file.</summary>
    public required string Key { get; init; }

    /// <summary>PEM file with the roots that the server and the other boxes are checked against.</summary>
    public required string TrustedRoots { get; init; }

    /// <summary>Where it may connect to.</summary>
    public string[] NextHops { get; init; } = [];

    /// <summary>Where to tell whether it lives and is ready: <c>/live</c> and <c>/ready</c>. Not for strangers.</summary>
    public string Health { get; init; } = "http://127.0.0.1:8080";

    /// <summary>The audit file; none by default.</summary>
    public string? AuditFile { get; init; }

    /// <summary>Of a WAF: regular expressions, one of which a target has to match as a whole.</summary>
    public string[] AllowedTargets { get; init; } = [];

    /// <summary>Of a scanner: texts that must not be in a response.</summary>
    public string[] Words { get; init; } = [];

    /// <summary>Of a gateway: the public key of whoever issues tokens, a PEM file.</summary>
    public string? TokenKey { get; init; }

    /// <summary>Of a gateway: whom tokens have to be for.</summary>
    public string? Audience { get; init; }

    /// <exception cref="InvalidDataException">The file is missing, or something in it.</exception>
    public static BoxSettings Read(string file)
    {
        try
        {
            IConfiguration configuration = new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file)).AddEnvironmentVariables("BOX_").Build();
            BoxSettings settings = configuration.Get<BoxSettings>(binder => binder.ErrorOnUnknownConfiguration = true)
                ?? throw new InvalidDataException("it is empty");
            foreach (string name in (string[])[nameof(Kind), nameof(Address), nameof(Certificate), nameof(Key), nameof(TrustedRoots)])
            {
                if (string.IsNullOrEmpty(configuration[name]))
                {
                    throw new InvalidDataException($"{name} is not set");
                }
            }

            return settings;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or InvalidDataException)
        {
            throw new InvalidDataException($"{file} cannot be used: {e.Message}", e);
        }
    }
}
