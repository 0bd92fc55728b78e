namespace DockMon.Hub;

/// <summary>How a hub is set up.</summary>
public sealed class HubOptions
{
    private const string DefaultUrls = "http://0.0.0.0:8090";

    private const int ShortestKey = 16;

    /// <summary><c>HUB_URLS</c>: where it listens.</summary>
    public string Urls { get; init; } = DefaultUrls;

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
        return new HubOptions
        {
            Urls = Text("HUB_URLS") is { } urls ? CheckUrls(urls) : DefaultUrls,
            DataPath = Path.GetFullPath(Text("HUB_DATA") ?? "dockmon-hub-data"),
            AdminKey = Text("HUB_ADMIN_KEY_FILE") is { } file ? CheckKey("HUB_ADMIN_KEY_FILE", File.ReadAllText(file).Trim())
                : Text("HUB_ADMIN_KEY") is { } key ? CheckKey("HUB_ADMIN_KEY", key) : null,
            LogLevel = level,
            Output = Console.Out,
        };
    }

    private static string CheckUrls(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!CanListenOn(url))
            {
                throw new ArgumentException(
                    $"HUB_URLS has \"{url}\": it must be an address such as {DefaultUrls}, or several with semicolons between them. "
                    + "The hub speaks no TLS itself: for https, put a reverse proxy in front of it");
            }
        }

        return urls;
    }

    private static bool CanListenOn(string url)
    {
        try
        {
            return BindingAddress.Parse(url) is { Scheme: "http", Port: <= ushort.MaxValue };
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string CheckKey(string variable, string key) =>
        key.Length >= ShortestKey ? key : throw new ArgumentException($"{variable} holds too short a key: it must have at least {ShortestKey} characters");
}
