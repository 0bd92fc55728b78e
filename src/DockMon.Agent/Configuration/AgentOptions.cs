using System.Globalization;
using DockMon.Agent.Policies;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Configuration;

/// <summary>The source of container statistics.</summary>
internal enum StatsOrigin
{
    /// <summary>The kernel, and the engine for what the kernel does not show.</summary>
    Auto,

    /// <summary>The kernel alone.</summary>
    Kernel,

    /// <summary>The engine alone.</summary>
    Engine,
}

/// <summary>The programs that the agent accepts from the server in place of itself.</summary>
internal enum SelfUpdateMode
{
    /// <summary>None.</summary>
    Off,

    /// <summary>Those that a key has signed which the agent was built with.</summary>
    Signed,

    /// <summary>Those that have the server's checksum.</summary>
    Any,
}

/// <summary>The agent's settings, from environment variables.</summary>
internal sealed record AgentOptions
{
    /// <summary>The server's URL, ws:// or wss://, with its path prefix.</summary>
    public required Uri ServerUrl { get; init; }

    /// <summary>The token of the first registration. Secret.</summary>
    public string? RegistrationToken { get; init; }

    /// <summary>The token of later registrations, where it is given and not stored. Secret.</summary>
    public string? PermanentToken { get; init; }

    /// <summary>DOCKER_HOST as it was written; <c>EngineEndpoint</c> reads it.</summary>
    public string? DockerHost { get; init; }

    /// <summary>DOCKER_CERT_PATH as it was written.</summary>
    public string? DockerCertPath { get; init; }

    /// <summary>DOCKER_TLS_VERIFY as it was written.</summary>
    public string? DockerTlsVerify { get; init; }

    /// <summary>The shortest wait before a reconnect.</summary>
    public TimeSpan ReconnectInitial { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait before a reconnect.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(60);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether log lines are JSON and not text.</summary>
    public bool LogJson { get; init; } = true;

    /// <summary>The name of this host on the server, in place of its host name.</summary>
    public string? AgentName { get; init; }

    /// <summary>Whether <see cref="AgentName"/> tells apart two engines with the same id (cloned machines).</summary>
    public bool ForceUniqueRegistration { get; init; }

    /// <summary>The directory of what must survive a restart.</summary>
    public string DataPath { get; init; } = "/data";

    /// <summary>The directory of compose projects.</summary>
    public string StacksPath { get; init; } = "/data/stacks";

    /// <summary>The path of that directory on the host, for an agent in a container.</summary>
    public string? HostStacksPath { get; init; }

    /// <summary>How the server shows who it is, and how the agent does.</summary>
    public ServerIdentity Identity { get; init; } = new();

    /// <summary>Whether the server's certificate is not checked.</summary>
    public bool InsecureSkipVerify { get; init; }

    /// <summary>The time that running work has to reach a safe point when the agent stops.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>The time that a new version of the agent has to prove itself.</summary>
    public TimeSpan UpdateTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The programs that the agent accepts in place of itself; null for signed ones where it was built with keys, and any where it was not.</summary>
    public SelfUpdateMode? SelfUpdate { get; init; }

    /// <summary>The repository of the agent's image for self-updates, to which the server gives the tag; null for the server's repository.</summary>
    public string? SelfUpdateImage { get; init; }

    /// <summary>Whether a new program from a URL is accepted without a checksum.</summary>
    public bool SelfUpdateAllowUnverified { get; init; }

    /// <summary>The interval of container statistics; zero for none.</summary>
    public TimeSpan StatsInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The source of container statistics.</summary>
    public StatsOrigin StatsSource { get; init; }

    /// <summary>The file of the policy; null for the usual one, which need not be there.</summary>
    public string? PolicyFile { get; init; }

    /// <summary>What the server may do at most, whatever the policy's file says; null for no such limit.</summary>
    public PolicyMode? Mode { get; init; }

    /// <summary>Most bytes of one file of the audit; 0 for no file.</summary>
    public long AuditMaxBytes { get; init; } = 16 * 1024 * 1024;

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
            Identity = ServerIdentity.Read(variables, TimeProvider.System.GetUtcNow()),
            InsecureSkipVerify = variables.Flag("INSECURE_SKIP_VERIFY", false),
            UpdateTimeout = variables.Time("UPDATE_TIMEOUT", TimeSpan.FromMinutes(2), minimum: TimeSpan.FromSeconds(15)),
            SelfUpdate = variables.Choice<SelfUpdateMode?>(
                "SELF_UPDATE",
                null,
                "write off, signed or any",
                [("off", SelfUpdateMode.Off), ("signed", SelfUpdateMode.Signed), ("any", SelfUpdateMode.Any)]),
            SelfUpdateImage = variables.Repository("SELF_UPDATE_IMAGE"),
            SelfUpdateAllowUnverified = variables.Flag("SELF_UPDATE_ALLOW_UNVERIFIED", false),
            ShutdownTimeout = variables.Time("SHUTDOWN_TIMEOUT", TimeSpan.FromSeconds(25)),
            StatsInterval = variables.Interval("STATS_INTERVAL", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)),
            StatsSource = variables.Choice(
                "STATS_SOURCE",
                StatsOrigin.Auto,
                "write auto, kernel or engine",
                [("auto", StatsOrigin.Auto), ("kernel", StatsOrigin.Kernel), ("engine", StatsOrigin.Engine)]),
            PolicyFile = variables.FilePath("POLICY_FILE"),
            Mode = variables.Choice<PolicyMode?>(
                "AGENT_MODE",
                null,
                "write observe, operate or full",
                [("observe", PolicyMode.Observe), ("operate", PolicyMode.Operate), ("full", PolicyMode.Full)]),
            AuditMaxBytes = variables.Size("AUDIT_MAX_BYTES", 16 * EnvironmentReader.Mebibyte, EnvironmentReader.Mebibyte, 128 * EnvironmentReader.Mebibyte),
        };

        options.CheckTogether(variables);
        return (options, variables.Errors);
    }

    /// <summary>The settings for logs, with tokens only as set or unset.</summary>
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

        ServerIdentity.CheckTogether(variables, ServerUrl, InsecureSkipVerify);
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
