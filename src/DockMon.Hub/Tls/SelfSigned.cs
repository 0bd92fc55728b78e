using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DockMon.Hub.Storage;

namespace DockMon.Hub.Tls;

/// <summary>
/// A certificate that the hub makes itself, in <c>HUB_DATA</c>. Its key stays when the certificate is renewed: agents know the hub by the pin of that key.
/// </summary>
internal static class SelfSigned
{
    public const string CertificateFile = "tls.crt";
    public const string KeyFile = "tls.key";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(397);

    /// <summary>How long before its end a certificate is replaced.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromDays(30);

    /// <summary>Makes what is missing, and a new certificate before the old one ends.</summary>
    /// <exception cref="IOException">The key cannot be used. It is not replaced, because every agent would have to learn the pin of another one.</exception>
    public static TlsOptions Ensure(string directory, IEnumerable<string> hosts, DateTimeOffset now)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (certificateFile, keyFile) = (Path.Combine(directory, CertificateFile), Path.Combine(directory, KeyFile));
        using var key = ReadOrCreateKey(keyFile);
        if (!IsGood(certificateFile, key, now))
        {
            using var certificate = Create(key, hosts, now);
            PrivateFile.Write(certificateFile, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        }

        return new TlsOptions(certificateFile, keyFile);
    }

    private static ECDsa ReadOrCreateKey(string path)
    {
        PrivateFile.TightenIfThere(path);
        if (!File.Exists(path))
        {
            var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            PrivateFile.Write(path, Encoding.ASCII.GetBytes(made.ExportPkcs8PrivateKeyPem() + "\n"));
            return made;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new IOException(
                $"the key {path} of the self-signed certificate cannot be used ({e.Message}): put it back from a backup, or delete it; "
                + "with a new key every agent needs the new SERVER_PIN",
                e);
        }
    }

    private static bool IsGood(string path, ECDsa key, DateTimeOffset now)
    {
        try
        {
            using var there = X509CertificateLoader.LoadCertificateFromFile(path);
            return there.NotAfter.ToUniversalTime() - Margin > now.UtcDateTime && there.NotBefore.ToUniversalTime() <= now.UtcDateTime
                && there.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());
        }
        catch (Exception e) when (e is CryptographicException or FileNotFoundException)
        {
            return false; // Missing or damaged: it can be made again from the key.
        }
    }

    private static X509Certificate2 Create(ECDsa key, IEnumerable<string> hosts, DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=dockmon-hub", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Concat(["localhost", Environment.MachineName, "127.0.0.1", "::1"]).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
            {
                names.AddDnsName(host);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        return request.CreateSelfSigned(now.AddDays(-1), now + Lifetime);
    }
}
