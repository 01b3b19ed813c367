namespace Tlmsp;

/// <summary>Whose certificate is being validated.</summary>
public enum CertificateParty
{
    /// <summary>The server at the end of the path.</summary>
    Server,
    /// <summary>A middlebox on the path.</summary>
    Middlebox,
    /// <summary>The client, where the server asked for its certificate.</summary>
    Client,
}
