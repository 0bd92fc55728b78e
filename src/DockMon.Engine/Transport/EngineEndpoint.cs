using System.Net.Security;

namespace DockMon.Engine;

/// <summary>Where the engine answers and how to speak to it, with the meaning the docker command gives to its variables.</summary>
public sealed record EngineEndpoint
{
    private const string DefaultHost = "unix:///var/run/docker.sock";

    private EngineEndpoint(string description, Uri baseUri, string? socketPath, SslClientAuthenticationOptions? tls)
    {
        Description = description;
        BaseUri = baseUri;
        SocketPath = socketPath;
        Tls = tls;
    }

    /// <summary>The address as a person would write it, for messages.</summary>
    public string Description { get; }

    /// <summary>The host's name or address; null for a socket.</summary>
    public string? Host => SocketPath is null ? BaseUri.Host : null;

    /// <summary>The host's port; of no meaning for a socket.</summary>
    public int Port => BaseUri.Port;

    internal Uri BaseUri { get; }

    internal string? SocketPath { get; }

    internal SslClientAuthenticationOptions? Tls { get; }

    /// <summary>Reads the values of DOCKER_HOST, DOCKER_CERT_PATH and DOCKER_TLS_VERIFY.</summary>
    /// <exception cref="EngineConfigurationException">A value, or a file one of them leads to, cannot be used.</exception>
    public static EngineEndpoint FromEnvironment(string? dockerHost, string? certPath, string? tlsVerify)
    {
        var host = string.IsNullOrWhiteSpace(dockerHost) ? DefaultHost : dockerHost.Trim();
        var (scheme, rest) = Split(host);
        return scheme switch
        {
            "unix" => Unix(host, rest),
            "tcp" or "http" or "https" => Tcp(host, rest, EngineTls.FromEnvironment(certPath, tlsVerify, required: scheme == "https")),
            "ssh" => throw new EngineConfigurationException(
                $"DOCKER_HOST is \"{host}\": ssh:// is not supported", "forward the socket (ssh -L) and use unix:// or tcp://"),
            "npipe" => throw new EngineConfigurationException(
                $"DOCKER_HOST is \"{host}\": npipe:// is only for Windows", "use unix:// or tcp://"),
            _ => throw Unusable(host),
        };
    }

    /// <summary>The socket that a value of DOCKER_HOST means; null when it means none.</summary>
    public static string? SocketOf(string? dockerHost)
    {
        var host = string.IsNullOrWhiteSpace(dockerHost) ? DefaultHost : dockerHost.Trim();
        return host.StartsWith("unix://", StringComparison.OrdinalIgnoreCase) ? host["unix://".Length..] : null;
    }

    private static (string Scheme, string Address) Split(string host)
    {
        var at = host.IndexOf("://", StringComparison.Ordinal);
        if (at >= 0)
        {
            return (host[..at].ToLowerInvariant(), host[(at + 3)..]);
        }

        // The docker command takes a bare host:port as tcp. A bare path is more likely a forgotten unix://.
        return host.StartsWith('/') ? throw Unusable(host) : ("tcp", host);
    }

    private static EngineEndpoint Unix(string host, string path) => path.StartsWith('/')
        ? new EngineEndpoint(host, new Uri("http://docker"), path, null)
        : throw new EngineConfigurationException(
            $"DOCKER_HOST is \"{host}\": a socket needs an absolute path", $"write one, such as {DefaultHost}");

    private static EngineEndpoint Tcp(string host, string rest, SslClientAuthenticationOptions? tls)
    {
        // "tcp" has no default port, so a port that was left out can be told from one that was written.
        if (!Uri.TryCreate("tcp://" + rest, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            throw Unusable(host);
        }

        var port = uri.Port > 0 ? uri.Port : tls is null ? 2375 : 2376;
        var address = new UriBuilder(tls is null ? "http" : "https", uri.Host, port, uri.AbsolutePath.TrimEnd('/')).Uri;
        return new EngineEndpoint(host, address, null, tls);
    }

    private static EngineConfigurationException Unusable(string host) => new(
        $"DOCKER_HOST is \"{host}\", which is no engine address", $"use {DefaultHost} or tcp://host:2375");
}
