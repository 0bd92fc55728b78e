namespace DockMon.Hub;

/// <summary>How a hub is set up.</summary>
public sealed class HubOptions
{
    /// <summary><c>HUB_URLS</c>: where it listens.</summary>
    public string Urls { get; init; } = "http://0.0.0.0:8090";

    /// <summary><c>HUB_DATA</c>: directory of its database.</summary>
    public string DataPath { get; init; } = "dockmon-hub-data";

    /// <summary><c>HUB_ADMIN_KEY</c>: the key of its API; made at first start when null. Secret.</summary>
    public string? AdminKey { get; init; }

    /// <summary><c>HUB_LOG_LEVEL</c>.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>How often an agent is pinged; it counts as gone when it answers nothing for as long again.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the admin key is shown when it is made.</summary>
    public TextWriter Output { get; init; } = TextWriter.Null;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="ArgumentException">A variable is wrong; the message names it and what is accepted.</exception>
    public static HubOptions Load(Func<string, string?> environment)
    {
        string? Text(string name) => environment(name)?.Trim() is { Length: > 0 } text ? text : null;
        var level = Text("HUB_LOG_LEVEL")?.ToLowerInvariant() switch
        {
            null or "info" => LogLevel.Information,
            "debug" => LogLevel.Debug,
            "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            var other => throw new ArgumentException($"HUB_LOG_LEVEL is \"{other}\": it must be one of debug, info, warn, error"),
        };
        var key = Text("HUB_ADMIN_KEY_FILE") is { } file ? File.ReadAllText(file).Trim() : Text("HUB_ADMIN_KEY");
        return new HubOptions
        {
            Urls = Text("HUB_URLS") ?? "http://0.0.0.0:8090",
            DataPath = Path.GetFullPath(Text("HUB_DATA") ?? "dockmon-hub-data"),
            AdminKey = key is null || key.Length >= 16 ? key : throw new ArgumentException("HUB_ADMIN_KEY is too short: it must have at least 16 characters"),
            LogLevel = level,
            Output = Console.Out,
        };
    }
}
