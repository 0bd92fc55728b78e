using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Configuration;

/// <summary>All the agent can be told, from environment variables; see docs/configuration.md. A class and no record: what prints itself prints its tokens.</summary>
internal sealed class AgentOptions
{
    private static readonly Dictionary<string, LogLevel> LogLevels = new()
    {
        ["debug"] = LogLevel.Debug,
        ["info"] = LogLevel.Information,
        ["warn"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
    };

    /// <summary><c>DOCKMON_URL</c> with scheme <c>ws</c> or <c>wss</c>.</summary>
    public required Uri ServerUrl { get; init; }

    /// <summary><c>REGISTRATION_TOKEN</c>. Secret.</summary>
    public string? RegistrationToken { get; init; }

    /// <summary><c>PERMANENT_TOKEN</c>. Secret.</summary>
    public string? PermanentToken { get; init; }

    /// <summary><c>DOCKER_HOST</c>.</summary>
    public string? DockerHost { get; init; }

    /// <summary><c>DOCKER_CERT_PATH</c>.</summary>
    public string? DockerCertPath { get; init; }

    /// <summary><c>DOCKER_TLS_VERIFY</c>.</summary>
    public string? DockerTlsVerify { get; init; }

    /// <summary><c>RECONNECT_INITIAL</c>.</summary>
    public TimeSpan ReconnectInitial { get; init; }

    /// <summary><c>RECONNECT_MAX</c>.</summary>
    public TimeSpan ReconnectMax { get; init; }

    /// <summary><c>SHUTDOWN_TIMEOUT</c>: how long running operations have when the agent is told to stop.</summary>
    public TimeSpan ShutdownTimeout { get; init; }

    /// <summary><c>LOG_LEVEL</c>.</summary>
    public LogLevel LogLevel { get; init; }

    /// <summary><c>LOG_JSON</c>.</summary>
    public bool LogJson { get; init; }

    /// <summary><c>AGENT_NAME</c>.</summary>
    public string? AgentName { get; init; }

    /// <summary><c>FORCE_UNIQUE_REGISTRATION</c>.</summary>
    public bool ForceUniqueRegistration { get; init; }

    /// <summary><c>DATA_PATH</c>.</summary>
    public required string DataPath { get; init; }

    /// <summary><c>AGENT_STACKS_DIR</c>: where compose projects are kept.</summary>
    public required string StacksPath { get; init; }

    /// <summary><c>HOST_STACKS_DIR</c>: what the host calls that directory.</summary>
    public string? HostStacksPath { get; init; }

    /// <summary><c>INSECURE_SKIP_VERIFY</c>.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>Reads the environment.</summary>
    /// <exception cref="ConfigurationException">A variable is wrong: the first of them, by name.</exception>
    public static AgentOptions Load(Func<string, string?> environment)
    {
        var read = new EnvironmentReader(environment);
        var initial = read.Time("RECONNECT_INITIAL", TimeSpan.FromSeconds(1));
        var name = read.Text("AGENT_NAME");
        var dataPath = Path.GetFullPath(read.Text("DATA_PATH") ?? "/data");
        return new AgentOptions
        {
            ServerUrl = ServerUrlFrom(read),
            RegistrationToken = read.Token("REGISTRATION_TOKEN"),
            PermanentToken = read.Token("PERMANENT_TOKEN"),
            DockerHost = read.Text("DOCKER_HOST"),
            DockerCertPath = read.Text("DOCKER_CERT_PATH"),
            DockerTlsVerify = read.Text("DOCKER_TLS_VERIFY"),
            ReconnectInitial = initial,
            ReconnectMax = read.Time("RECONNECT_MAX", TimeSpan.FromSeconds(60)) is var most && most >= initial ? most
                : throw read.Wrong("RECONNECT_MAX", $"at least RECONNECT_INITIAL ({initial.TotalSeconds} s)"),
            ShutdownTimeout = read.Time("SHUTDOWN_TIMEOUT", TimeSpan.FromSeconds(25)),
            LogLevel = read.OneOf("LOG_LEVEL", LogLevel.Information, LogLevels),
            LogJson = read.Switch("LOG_JSON", otherwise: true),
            AgentName = name is null || name.Length <= 255 ? name : throw read.Wrong("AGENT_NAME", "at most 255 characters long"),
            ForceUniqueRegistration = !read.Switch("FORCE_UNIQUE_REGISTRATION", otherwise: false) ? false
                : name is not null ? true : throw new ConfigurationException("FORCE_UNIQUE_REGISTRATION is set, and AGENT_NAME is not: a host of its own needs a name of its own"),
            DataPath = dataPath,
            StacksPath = Path.GetFullPath(read.Text("AGENT_STACKS_DIR") ?? Path.Combine(dataPath, "stacks")),
            HostStacksPath = read.Text("HOST_STACKS_DIR") is not { } onHost ? null
                : Path.IsPathRooted(onHost) ? Path.GetFullPath(onHost) : throw read.Wrong("HOST_STACKS_DIR", "an absolute path on the host"),
            InsecureSkipVerify = read.Switch("INSECURE_SKIP_VERIFY", otherwise: false),
        };
    }

    private static Uri ServerUrlFrom(EnvironmentReader read)
    {
        const string Accepted = "the server's URL, as in wss://dockmon.example.com (ws:// without TLS; a path is kept; no user, query or fragment)";
        if (read.Text("DOCKMON_URL") is not { } text)
        {
            throw new ConfigurationException("DOCKMON_URL is not set: it must be " + Accepted);
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            // A URL with a password in it is exactly what must not be repeated.
            throw uri?.UserInfo.Length > 0 ? new ConfigurationException("DOCKMON_URL has a user name in it: it must be " + Accepted) : read.Wrong("DOCKMON_URL", Accepted);
        }

        var scheme = uri.Scheme switch
        {
            "ws" or "http" => "ws",
            "wss" or "https" => "wss",
            _ => throw read.Wrong("DOCKMON_URL", Accepted),
        };
        return new UriBuilder(uri) { Scheme = scheme, Port = uri.IsDefaultPort ? -1 : uri.Port }.Uri;
    }
}
