namespace DockMon.Hub.Tls;

/// <summary>Where the hub's certificate comes from.</summary>
/// <param name="CertificateFile"><c>HUB_TLS_CERT</c>: certificate chain in PEM; null for a self-signed certificate in <c>HUB_DATA</c>.</param>
/// <param name="KeyFile"><c>HUB_TLS_KEY</c>: private key in PEM.</param>
public sealed record TlsOptions(string? CertificateFile, string? KeyFile)
{
    /// <summary><c>HUB_TLS=self-signed</c>.</summary>
    public static readonly TlsOptions SelfSigned = new(null, null);

    /// <summary>Reads the variables; null when the hub has no TLS.</summary>
    /// <exception cref="ArgumentException">They contradict each other.</exception>
    public static TlsOptions? Load(Func<string, string?> text)
    {
        var (mode, certificate, key) = (text("HUB_TLS")?.ToLowerInvariant(), text("HUB_TLS_CERT"), text("HUB_TLS_KEY"));
        if (mode is not (null or "off" or "self-signed"))
        {
            throw new ArgumentException(
                $"HUB_TLS is \"{mode}\": it must be self-signed or off. For a certificate of your own, set HUB_TLS_CERT and HUB_TLS_KEY");
        }

        if ((certificate is null) != (key is null))
        {
            throw new ArgumentException(
                "HUB_TLS_CERT and HUB_TLS_KEY belong together: set both, to a PEM file with the certificate chain and one with its key");
        }

        if (certificate is not null && mode is not null)
        {
            throw new ArgumentException($"HUB_TLS={mode} and HUB_TLS_CERT exclude each other: remove one of them");
        }

        return certificate is not null ? new TlsOptions(Path.GetFullPath(certificate), Path.GetFullPath(key!)) : mode == "self-signed" ? SelfSigned : null;
    }
}
