namespace DockMon.Testing;

/// <summary>Starts the hub as a process of its own.</summary>
public static class HubProcess
{
    /// <summary>Variable that names the program.</summary>
    public const string Variable = "DOCKMON_HUB_BIN";

    private static readonly string[] Variables = 
    [
        "HUB_URLS", "HUB_DATA", "HUB_ADMIN_KEY", "HUB_ADMIN_KEY_FILE", "HUB_LOG_LEVEL", "HUB_NATS", "HUB_NATS_FILE",
        "HUB_NATS_CREDS", "HUB_NATS_CA", "HUB_TLS", "HUB_TLS_CERT", "HUB_TLS_KEY", "HUB_TRUSTED_PROXIES",
        "ASPNETCORE_URLS", "URLS",
    ];

    /// <summary>The program's path.</summary>
    public static string Path => Repository.Program(Variable, "publish/hub/dockmon-hub", "bin/DockMon.Hub/debug/dockmon-hub");

    /// <summary>Starts it. A variable of the hub that is not in <paramref name="environment"/> is not set.</summary>
    public static ProgramProcess Start(IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) =>
        ProgramProcess.Start(Path, arguments, environment, Variables);
}
