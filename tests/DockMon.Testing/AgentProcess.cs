namespace DockMon.Testing;

/// <summary>Starts the agent as a process of its own.</summary>
public static class AgentProcess
{
    /// <summary>Variable that names the program.</summary>
    public const string Variable = "DOCKMON_AGENT_BIN";

    // What the caller does not set must not come from the machine the tests run on.
    private static readonly string[] Variables =
    [
        "DOCKMON_URL", "REGISTRATION_TOKEN", "REGISTRATION_TOKEN_FILE", "PERMANENT_TOKEN", "PERMANENT_TOKEN_FILE", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
        "RECONNECT_INITIAL", "RECONNECT_MAX", "LOG_LEVEL", "LOG_JSON", "AGENT_NAME", "FORCE_UNIQUE_REGISTRATION", "DATA_PATH", "INSECURE_SKIP_VERIFY",
        "SHUTDOWN_TIMEOUT", "AGENT_STACKS_DIR", "AUDIT_MAX_BYTES", "POLICY_FILE", "AGENT_MODE", "HOST_STACKS_DIR", "STATS_INTERVAL", "STATS_SOURCE",
        "UPDATE_TIMEOUT", "SELF_UPDATE", "SELF_UPDATE_IMAGE", "SELF_UPDATE_ALLOW_UNVERIFIED",
        "DOCKMON_AGENT_PROGRAM", "DOCKMON_AGENT_BASE", "DOCKMON_AGENT_GUARD",
        "SERVER_CA_FILE", "SERVER_PIN", "CLIENT_CERT_FILE", "CLIENT_KEY_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "AGENT_USER", "NOTIFY_SOCKET",
        "WATCHDOG_USEC", "INVOCATION_ID",
    ];

    /// <summary>The program's path.</summary>
    public static string Path => Repository.Program(Variable, "publish/agent/dockmon-agent", "bin/DockMon.Agent/debug/dockmon-agent");

    /// <summary>Starts it. A variable of the agent that is not in <paramref name="environment"/> is not set; <c>DOCKER_HOST</c> is inherited.</summary>
    public static ProgramProcess Start(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) =>
        ProgramProcess.Start(Path, arguments, environment, Variables);

    /// <summary>As the other, but another program: such as an emulator, whose first argument is the agent.</summary>
    public static ProgramProcess Start(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment) =>
        ProgramProcess.Start(program, arguments, environment, Variables);
}
