using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DockMon.Agent.Interop;
using DockMon.Engine;

namespace DockMon.Agent.Configuration;

/// <summary>The PEM files that say who the server is and who the agent is. They are read at the start and again at each dial.</summary>
internal static class CertificateFiles
{
    public const string AuthoritiesVariable = "SERVER_CA_FILE";
    public const string ClientVariable = "CLIENT_CERT_FILE";
    public const string ClientKeyVariable = "CLIENT_KEY_FILE";

    // Several times what all public authorities take; keeps a wrong path from being read whole.
    private const int MaxFileBytes = 1024 * 1024;

    /// <summary>The authorities that a server's certificate may lead to.</summary>
    /// <exception cref="ConfigurationException">The file cannot be used; the message says why and what to do.</exception>
    public static Authorities ReadAuthorities(string path, DateTimeOffset now)
    {
        const string remedy = "name a PEM file with the certificate of the authority that the server's certificate leads to";
        var certificates = ReadCertificates(AuthoritiesVariable, path, remedy);
        var roots = certificates.Where(IsSelfIssued).ToList();
        if (roots.Count == 0)
        {
            throw Unusable(
                AuthoritiesVariable,
                path,
                "which has only intermediate certificates",
                "add the certificate of the authority that issued them, which is its own issuer");
        }

        return roots.TrueForAll(root => now > root.NotAfter)
            ? throw Unusable(AuthoritiesVariable, path, $"whose authorities have all expired, the last on {Day(roots.Max(root => root.NotAfter))}", remedy)
            : new Authorities([.. roots], [.. certificates.Where(certificate => !IsSelfIssued(certificate))]);
    }

    /// <summary>The agent's own certificate with its key.</summary>
    /// <exception cref="ConfigurationException">The files cannot be used; the message says why and what to do.</exception>
    public static ClientCertificate ReadClient(string certificateFile, string keyFile, DateTimeOffset now)
    {
        var (pem, chain) = ReadChain(certificateFile);
        var key = Read(ClientKeyVariable, keyFile, "name the PEM file with the private key of the certificate in CLIENT_CERT_FILE");
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw Unusable(ClientKeyVariable, keyFile, "which is encrypted", "store the key without a passphrase: openssl pkey -in KEY -out PLAIN");
        }

        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw Unusable(ClientKeyVariable, keyFile, "which holds no private key in PEM form", "name the PEM file with the private key");
        }

        try
        {
            var certificate = X509Certificate2.CreateFromPem(pem, key);
            return now <= certificate.NotAfter
                ? new ClientCertificate(certificate, chain)
                : throw Unusable(
                    ClientVariable,
                    certificateFile,
                    $"which expired on {Day(certificate.NotAfter)}",
                    "have a new certificate issued for the agent");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Unusable(
                ClientKeyVariable,
                keyFile,
                $"which is not the key of the first certificate in {ClientVariable}",
                "name its RSA or ECDSA key, and put the agent's own certificate before those of its issuers",
                inner: e);
        }
    }

    /// <summary>Whether every user of the machine may read the key; false as well when it cannot be told.</summary>
    public static bool IsReadableByAll(string keyFile) => FileStatus.Read(keyFile) is { } status && status.Mode.HasFlag(UnixFileMode.OtherRead);

    /// <summary>A time of a certificate, for messages.</summary>
    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static (string Pem, X509Certificate2Collection Chain) ReadChain(string path)
    {
        const string remedy = "name the PEM file with the agent's certificate";
        return (Read(ClientVariable, path, remedy), ReadCertificates(ClientVariable, path, remedy));
    }

    private static X509Certificate2Collection ReadCertificates(string variable, string path, string remedy)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Read(variable, path, remedy));
        }
        catch (CryptographicException e)
        {
            throw Unusable(variable, path, "which holds a certificate that cannot be read", remedy, EnvironmentReader.Short(e.Message), e);
        }

        return certificates.Count > 0
            ? certificates
            : throw Unusable(variable, path, "which holds no certificate in PEM form", remedy + "; of a file in another form openssl x509 makes one");
    }

    private static string Read(string variable, string path, string remedy)
    {
        try
        {
            // Opening a pipe waits for whoever writes into it. What cannot be asked for its kind fails when it is opened.
            return FileStatus.Read(path) switch
            {
                { IsDirectory: true } => throw new IOException("it is a directory"),
                { IsRegular: false } => throw new IOException("it is no regular file"),
                { Size: > MaxFileBytes } => throw new IOException($"it has more than {MaxFileBytes / 1024} KiB"),
                _ => File.ReadAllText(path),
            };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unusable(variable, path, "which cannot be read", remedy, "no such file", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Unusable(variable, path, "which cannot be read", $"make it readable for user id {Native.UserId}", "no permission", e);
        }
        catch (IOException e)
        {
            throw Unusable(variable, path, "which cannot be read", remedy, EnvironmentReader.Short(e.Message), e);
        }
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static ConfigurationException Unusable(
        string variable,
        string path,
        string problem,
        string remedy,
        string? reason = null,
        Exception? inner = null) =>
        new(new ConfigurationError(variable, $"{variable} is \"{EnvironmentReader.Short(path)}\", {problem}", remedy, reason), inner);
}

/// <summary>The authorities that a server's certificate may lead to.</summary>
/// <param name="Roots">Those that are trusted.</param>
/// <param name="Intermediates">Those in between, which a server may not send.</param>
internal sealed record Authorities(X509Certificate2Collection Roots, X509Certificate2Collection Intermediates);

/// <summary>The certificate that the agent shows, with its key.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="Chain">All certificates of its file: its own and those of its issuers.</param>
internal sealed record ClientCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain);
