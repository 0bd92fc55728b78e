using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DockMon.Hub.Tls;

/// <summary>A certificate with its chain and key.</summary>
/// <param name="Leaf">The certificate.</param>
/// <param name="Context">What is sent to clients: certificate and intermediates, made once for all connections.</param>
internal sealed record LoadedCertificate(X509Certificate2 Leaf, SslStreamCertificateContext Context)
{
    /// <summary>The pin of its key, as an agent takes it in <c>SERVER_PIN</c>.</summary>
    public string Pin { get; } = PinOf(Leaf.PublicKey);

    public DateTimeOffset Ends { get; } = new DateTimeOffset(Leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    /// <summary>The pin of a public key: the SHA-256 of its SubjectPublicKeyInfo.</summary>
    public static string PinOf(PublicKey key) => "sha256/" + Convert.ToBase64String(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Reads a pair in PEM.</summary>
    /// <exception cref="ArgumentException">The texts are no PEM, or the key does not belong to the certificate.</exception>
    /// <exception cref="CryptographicException">They cannot be read.</exception>
    public static LoadedCertificate Read(byte[] certificatePem, byte[] keyPem)
    {
        var (certificate, key) = (Encoding.UTF8.GetString(certificatePem), Encoding.UTF8.GetString(keyPem));
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        var leaf = X509Certificate2.CreateFromPem(certificate, key);

        // Offline: a missing intermediate is not downloaded from whatever address the certificate names.
        return new LoadedCertificate(leaf, SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true));
    }
}
