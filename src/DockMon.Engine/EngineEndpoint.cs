using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Engine;

/// <summary>Where the engine is and how to speak to it: <c>DOCKER_HOST</c>, <c>DOCKER_CERT_PATH</c> and <c>DOCKER_TLS_VERIFY</c> as the docker CLI means them.</summary>
public sealed record EngineEndpoint
{
    /// <summary>Where the engine listens when nothing else is said.</summary>
    public const string DefaultHost = "unix:///var/run/docker.sock";

    private EngineEndpoint()
    {
    }

    /// <summary>The endpoint as it was given, for people.</summary>
    public required string Description { get; init; }

    /// <summary>Path of the unix socket; null for TCP.</summary>
    public string? SocketPath { get; private init; }

    /// <summary>Host name or address; null for a unix socket.</summary>
    public string? Host { get; private init; }

    /// <summary>TCP port.</summary>
    public int Port { get; private init; }

    /// <summary>TLS settings; null for plain connections.</summary>
    internal SslClientAuthenticationOptions? Tls { get; private init; }

    /// <summary>Reads the three variables; null and empty mean unset.</summary>
    /// <param name="dockerHost"><c>unix://PATH</c>, <c>tcp://HOST:PORT</c>, <c>http://</c> or <c>https://</c>.</param>
    /// <param name="certPath">Directory with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>.</param>
    /// <param name="tlsVerify">Anything but empty, <c>0</c> and <c>false</c> turns TLS with verification on.</param>
    /// <exception cref="EngineConfigurationException">They do not name an engine, or a file is missing.</exception>
    public static EngineEndpoint FromEnvironment(string? dockerHost, string? certPath, string? tlsVerify)
    {
        var text = string.IsNullOrWhiteSpace(dockerHost) ? DefaultHost : dockerHost.Trim();
        if (text.StartsWith('/'))
        {
            text = "unix://" + text;
        }

        if (text.StartsWith("unix://", StringComparison.Ordinal))
        {
            var path = text["unix://".Length..];
            return path.StartsWith('/')
                ? new EngineEndpoint { Description = text, SocketPath = path }
                : throw new EngineConfigurationException($"DOCKER_HOST is \"{text}\": a unix socket needs an absolute path, as in {DefaultHost}");
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("tcp" or "http" or "https") || uri.Host.Length == 0)
        {
            throw new EngineConfigurationException($"DOCKER_HOST is \"{text}\": write unix:///PATH or tcp://HOST:PORT (ssh:// and npipe:// are not supported)");
        }

        var verify = tlsVerify is { Length: > 0 } && tlsVerify != "0" && !tlsVerify.Equals("false", StringComparison.OrdinalIgnoreCase);
        var hasCertPath = !string.IsNullOrWhiteSpace(certPath);
        var useTls = verify || hasCertPath || uri.Scheme == "https";
        var files = hasCertPath ? certPath! : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        return new EngineEndpoint
        {
            Description = text,
            Host = uri.Host,
            Port = uri.Port > 0 && !(uri.IsDefaultPort && uri.Scheme != "tcp") ? uri.Port : useTls ? 2376 : 2375,
            Tls = useTls ? LoadTls(uri.Host, files, verify, needClient: verify || hasCertPath) : null,
        };
    }

    private static SslClientAuthenticationOptions LoadTls(string host, string directory, bool verify, bool needClient)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (needClient)
        {
            options.ClientCertificates = [LoadClient(directory)];
        }

        if (verify)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            Load(directory, "ca.pem", path => policy.CustomTrustStore.ImportFromPemFile(path));
            options.CertificateChainPolicy = policy;
        }
        else
        {
#pragma warning disable CA5359 // As the docker CLI: certificates without DOCKER_TLS_VERIFY mean TLS without verification.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return options;
    }

    private static X509Certificate2 LoadClient(string directory)
    {
        X509Certificate2? certificate = null;
        Load(directory, "key.pem", _ => { });
        Load(directory, "cert.pem", path => certificate = X509Certificate2.CreateFromPemFile(path, Path.Combine(directory, "key.pem")));
        return certificate!;
    }

    private static void Load(string directory, string name, Action<string> load)
    {
        var path = Path.Combine(directory, name);
        try
        {
            using (File.OpenRead(path))
            {
            }

            load(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new EngineConfigurationException(
                $"TLS to the Docker engine needs {path}, which cannot be used ({e.Message}): put ca.pem, cert.pem and key.pem into the directory named by DOCKER_CERT_PATH, or unset DOCKER_TLS_VERIFY", e);
        }
    }
}
