using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Testing;

/// <summary>A certificate authority nobody knows.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    /// <param name="name">Its name.</param>
    /// <param name="above">The authority that it is of; null for one of its own.</param>
    /// <param name="expired">Whether its own certificate has expired.</param>
    public TestAuthority(string name = "Authority of a test", TestAuthority? above = null, bool expired = false)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        // Not after that of its authority, which was made a moment ago.
        var end = expired ? Now.AddDays(-1) : above?._certificate.NotAfter ?? Now.AddYears(1).UtcDateTime;
        _certificate = above is null
            ? request.CreateSelfSigned(Now.AddYears(-1), end)
            : request.Create(above._certificate, Now.AddYears(-1), end, Serial()).CopyWithPrivateKey(_key);
        File.WriteAllText(PemFile, Pem);
    }

    /// <summary>Its certificate, for who is to know it.</summary>
    public string PemFile => Path.Combine(_folder.Path, "ca.pem");

    /// <summary>What is in that file.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A certificate of nobody but itself, for 127.0.0.1 unless another name is given.</summary>
    public static X509Certificate2 SelfSigned(string? name = null, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Request(name, key).CreateSelfSigned(Now.AddMonths(-10), expired ? Now.AddDays(-1) : Now.AddMonths(10));
        return ForServer(certificate);
    }

    /// <summary>A certificate for a name and for 127.0.0.1, unless another name is given.</summary>
    public X509Certificate2 Issue(string? name = null, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Request(name, key).Create(_certificate, Now.AddMonths(-10), expired ? Now.AddDays(-1) : Now.AddMonths(10), Serial());
        using var whole = issued.CopyWithPrivateKey(key);
        return ForServer(whole);
    }

    /// <summary>Whether a certificate is one of this authority's, which is one of its own.</summary>
    public bool Issued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.Add(_certificate);
        return chain.Build(certificate);
    }

    /// <summary>Writes a certificate for 127.0.0.1 into a folder as Docker wants it: <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>.</summary>
    public string IssueInto(string folder, bool expired = false)
    {
        Directory.CreateDirectory(folder);
        using var certificate = Issue(expired: expired);
        using var key = certificate.GetECDsaPrivateKey()!;
        File.Copy(PemFile, Path.Combine(folder, "ca.pem"), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(Path.Combine(folder, "key.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return folder;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    private static byte[] Serial() => Guid.NewGuid().ToByteArray();

    private static CertificateRequest Request(string? name, ECDsa key)
    {
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
        return request;
    }

    // Kestrel wants a key of its own keeping.
    private static X509Certificate2 ForServer(X509Certificate2 whole) =>
        X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
}
