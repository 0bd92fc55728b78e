using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>A certificate authority nobody knows.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority()
    {
        var request = new CertificateRequest("CN=Authority of a test", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        _certificate = request.CreateSelfSigned(Now.AddYears(-2), Now.AddYears(2));
        File.WriteAllText(PemFile, _certificate.ExportCertificatePem());
    }

    /// <summary>Its certificate, for who is to know it.</summary>
    public string PemFile => Path.Combine(_folder.Path, "ca.pem");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A certificate for a name and for 127.0.0.1, unless another name is given.</summary>
    public X509Certificate2 Issue(string? name = null, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name ?? "server"}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (name is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_certificate, Now.AddYears(-1), expired ? Now.AddDays(-1) : Now.AddYears(1), Guid.NewGuid().ToByteArray());
        using var whole = issued.CopyWithPrivateKey(key);
        // Kestrel wants a key of its own keeping.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Writes a certificate for 127.0.0.1 into a folder as Docker wants it: <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>.</summary>
    public string IssueInto(string folder)
    {
        Directory.CreateDirectory(folder);
        using var certificate = Issue();
        using var key = certificate.GetECDsaPrivateKey()!;
        File.Copy(PemFile, Path.Combine(folder, "ca.pem"));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return folder;
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }
}
