using System.Globalization;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Configuration;

/// <summary>Where container statistics come from.</summary>
internal enum StatsOrigin
{
    /// <summary>From the kernel, and from the engine for what the kernel does not show.</summary>
    Auto,

    /// <summary>From the kernel or not at all.</summary>
    Kernel,

    /// <summary>From the engine.</summary>
    Engine,
}

/// <summary>Everything the environment says about how the agent is to run, checked.</summary>
internal sealed record AgentOptions
{
    /// <summary>The server: ws or wss, with the path prefix it was given.</summary>
    public required Uri ServerUrl { get; init; }

    /// <summary>The token of the first registration. Secret.</summary>
    public string? RegistrationToken { get; init; }

    /// <summary>The token of later registrations when it is given rather than stored. Secret.</summary>
    public string? PermanentToken { get; init; }

    /// <summary>DOCKER_HOST as it was written; the engine client reads it.</summary>
    public string? DockerHost { get; init; }

    /// <summary>DOCKER_CERT_PATH as it was written.</summary>
    public string? DockerCertPath { get; init; }

    /// <summary>DOCKER_TLS_VERIFY as it was written.</summary>
    public string? DockerTlsVerify { get; init; }

    /// <summary>The shortest wait before the server is dialled again.</summary>
    public TimeSpan ReconnectInitial { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait before the server is dialled again.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(60);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Log lines are JSON, not text.</summary>
    public bool LogJson { get; init; } = true;

    /// <summary>The name the server is to show for this host, whatever the host calls itself.</summary>
    public string? AgentName { get; init; }

    /// <summary>Two engines with one id (cloned machines) are told apart by their agents' names.</summary>
    public bool ForceUniqueRegistration { get; init; }

    /// <summary>Where the agent keeps what must survive a restart.</summary>
    public string DataPath { get; init; } = "/data";

    /// <summary>Where compose projects are kept.</summary>
    public string StacksPath { get; init; } = "/data/stacks";

    /// <summary>What the host calls that directory, when the agent runs in a container.</summary>
    public string? HostStacksPath { get; init; }

    /// <summary>The server's certificate is not checked.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>How long running work may take to reach a safe point when the agent is told to stop.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long a new version of the agent has to prove itself.</summary>
    public TimeSpan UpdateTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Repository to take the agent's new image from, with the tag that the server names; null for the server's own.</summary>
    public string? SelfUpdateImage { get; init; }

    /// <summary>A new program from a URL needs no checksum.</summary>
    public bool SelfUpdateAllowUnverified { get; init; }

    /// <summary>How often running containers are measured; zero means never.</summary>
    public TimeSpan StatsInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where their figures come from.</summary>
    public StatsOrigin StatsSource { get; init; }

    /// <summary>
    /// Reads the environment. A variable that cannot be used has its default in the options (and DOCKMON_URL a name that no DNS resolves), so that
    /// all errors are found at once and what is not wrong can still be looked at. The agent does not start with any error.
    /// </summary>
    public static (AgentOptions Options, IReadOnlyList<ConfigurationError> Errors) Load(Func<string, string?> environment)
    {
        var variables = new EnvironmentReader(environment);
        var dataPath = variables.DirectoryPath("DATA_PATH", "/data");
        var options = new AgentOptions
        {
            ServerUrl = ServerAddress.Read(variables, "DOCKMON_URL") ?? new Uri("wss://dockmon.invalid"),
            RegistrationToken = TokenVariable.Read(variables, "REGISTRATION_TOKEN"),
            PermanentToken = TokenVariable.Read(variables, "PERMANENT_TOKEN"),
            DockerHost = variables.Text("DOCKER_HOST"),
            DockerCertPath = variables.Text("DOCKER_CERT_PATH"),
            DockerTlsVerify = variables.Text("DOCKER_TLS_VERIFY"),
            ReconnectInitial = variables.Time("RECONNECT_INITIAL", TimeSpan.FromSeconds(1)),
            ReconnectMax = variables.Time("RECONNECT_MAX", TimeSpan.FromSeconds(60)),
            LogLevel = variables.Level("LOG_LEVEL", LogLevel.Information),
            LogJson = variables.Flag("LOG_JSON", true),
            AgentName = variables.Name("AGENT_NAME"),
            ForceUniqueRegistration = variables.Flag("FORCE_UNIQUE_REGISTRATION", false),
            DataPath = dataPath,
            StacksPath = variables.DirectoryPath("AGENT_STACKS_DIR", Path.Combine(dataPath, "stacks")),
            HostStacksPath = variables.HostDirectoryPath("HOST_STACKS_DIR"),
            InsecureSkipVerify = variables.Flag("INSECURE_SKIP_VERIFY", false),
            UpdateTimeout = variables.Time("UPDATE_TIMEOUT", TimeSpan.FromMinutes(2), minimum: TimeSpan.FromSeconds(15)),
            SelfUpdateImage = variables.Repository("SELF_UPDATE_IMAGE"),
            SelfUpdateAllowUnverified = variables.Flag("SELF_UPDATE_ALLOW_UNVERIFIED", false),
            ShutdownTimeout = variables.Time("SHUTDOWN_TIMEOUT", TimeSpan.FromSeconds(25)),
            StatsInterval = variables.Interval("STATS_INTERVAL", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)),
            StatsSource = variables.Choice(
                "STATS_SOURCE",
                StatsOrigin.Auto,
                "write auto, kernel or engine",
                [("auto", StatsOrigin.Auto), ("kernel", StatsOrigin.Kernel), ("engine", StatsOrigin.Engine)]),
        };

        options.CheckTogether(variables);
        return (options, variables.Errors);
    }

    /// <summary>For logs: says of the tokens only whether they are there, where a record would print all its members.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"ServerUrl = {ServerUrl}, RegistrationToken = {Secret(RegistrationToken)}, PermanentToken = {Secret(PermanentToken)}, DockerHost = {DockerHost}, "
        + $"DataPath = {DataPath}, AgentName = {AgentName}, LogLevel = {LogLevel}, InsecureSkipVerify = {InsecureSkipVerify}");

    /// <summary>Looks for values that do not go together. One that is an error by itself is not told a second time.</summary>
    private void CheckTogether(EnvironmentReader variables)
    {
        if (ReconnectMax < ReconnectInitial && !variables.HasError("RECONNECT_MAX") && !variables.HasError("RECONNECT_INITIAL"))
        {
            variables.AddError(new ConfigurationError(
                "RECONNECT_MAX",
                $"RECONNECT_MAX is {Duration.Format(ReconnectMax)}, which is less than RECONNECT_INITIAL ({Duration.Format(ReconnectInitial)})",
                "it must be at least as long"));
        }

        if (ForceUniqueRegistration && AgentName is null && !variables.HasError("AGENT_NAME"))
        {
            variables.AddError(new ConfigurationError(
                "FORCE_UNIQUE_REGISTRATION",
                "FORCE_UNIQUE_REGISTRATION is true, which needs AGENT_NAME",
                "set AGENT_NAME to a name no other agent of the server has"));
        }
    }

    private static string Secret(string? value) => value is null ? "unset" : "set";
}
