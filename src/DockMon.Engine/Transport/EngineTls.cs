using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Engine;

/// <summary>Turns DOCKER_CERT_PATH and DOCKER_TLS_VERIFY into TLS settings.</summary>
internal static class EngineTls
{
    /// <param name="certPath">The value of DOCKER_CERT_PATH.</param>
    /// <param name="tlsVerify">The value of DOCKER_TLS_VERIFY.</param>
    /// <param name="required">TLS was asked for by the address, so it is used and verified even when no variable says so.</param>
    public static SslClientAuthenticationOptions? FromEnvironment(string? certPath, string? tlsVerify, bool required)
    {
        // As the docker command reads it: any value is "on", even 0 and false.
        var verify = !string.IsNullOrWhiteSpace(tlsVerify);
        var named = !string.IsNullOrWhiteSpace(certPath);
        if (!verify && !named)
        {
            return required ? new SslClientAuthenticationOptions() : null;
        }

        var folder = named
            ? certPath!.Trim()
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        var options = new SslClientAuthenticationOptions { ClientCertificateContext = ClientCertificate(folder) };
        if (verify)
        {
            options.CertificateChainPolicy = Trust(folder);
        }
        else
        {
            // What the docker command does when there is a certificate folder and DOCKER_TLS_VERIFY is not set.
#pragma warning disable CA5359
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return options;
    }

    private static SslStreamCertificateContext ClientCertificate(string folder)
    {
        var (certFile, keyFile) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        var key = Read(keyFile, File.ReadAllText);
        return Read(certFile, file =>
        {
            var pem = File.ReadAllText(file);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(pem);
            try
            {
                return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(pem, key), chain, offline: true);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                throw Unusable(certFile, $"it and {keyFile} are not a certificate and its key", e);
            }
        });
    }

    private static X509ChainPolicy Trust(string folder) => Read(Path.Combine(folder, "ca.pem"), file =>
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPem(File.ReadAllText(file));
        return policy.CustomTrustStore.Count > 0 ? policy : throw Unusable(file, "it holds no certificate", null);
    });

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unusable(file, "there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(file, "it cannot be read", e);
        }
        catch (CryptographicException e)
        {
            throw Unusable(file, "it holds no certificate in PEM form", e);
        }
    }

    private static EngineConfigurationException Unusable(string file, string why, Exception? inner) => new(
        $"cannot use {file}: {why}",
        "put ca.pem, cert.pem and key.pem into the folder DOCKER_CERT_PATH names, or unset DOCKER_CERT_PATH and DOCKER_TLS_VERIFY to speak without TLS",
        inner);
}
