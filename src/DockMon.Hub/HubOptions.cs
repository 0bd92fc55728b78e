using System.Globalization;
using System.Net;
using DockMon.Hub.Access.Oidc;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Nats;
using DockMon.Hub.Storage.Dialects;
using DockMon.Hub.Tls;

namespace DockMon.Hub;

/// <summary>Configuration of the hub.</summary>
public sealed class HubOptions
{
    private const int ShortestKey = 16;
    private const int DefaultAuditDays = 365;

    private const int DefaultEventsDays = 30;

    /// <summary><c>HUB_URLS</c>: addresses to listen on.</summary>
    public string Urls { get; init; } = ListenAddresses.Default(null);

    /// <summary><c>HUB_TLS</c>, <c>HUB_TLS_CERT</c>, <c>HUB_TLS_KEY</c>: the certificate; null without TLS.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary><c>HUB_TRUSTED_PROXIES</c>: networks whose X-Forwarded-For and X-Forwarded-Proto count.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary><c>HUB_DATA</c>: directory of its key, and of its database if that is SQLite.</summary>
    public string DataPath { get; init; } = "dockmon-hub-data";

    /// <summary><c>HUB_DATABASE</c>: address of a PostgreSQL database; SQLite in <see cref="DataPath"/> when null. Secret.</summary>
    public string? Database { get; init; }

    /// <summary><c>HUB_ADMIN_KEY</c>: the API key; generated at the first start when null. Secret.</summary>
    public string? AdminKey { get; init; }

    /// <summary><c>HUB_AUDIT_DAYS</c>: how long the audit is kept.</summary>
    public int AuditDays { get; init; } = DefaultAuditDays;

    /// <summary><c>HUB_OIDC_…</c>: the provider that users sign in with; null without one.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>Rounds of PBKDF2 for a new password.</summary>
    public int PasswordRounds { get; init; } = 600_000;

    /// <summary><c>HUB_EVENTS_DAYS</c>: how long container events are kept.</summary>
    public int EventsDays { get; init; } = DefaultEventsDays;

    /// <summary><c>HUB_LOG_LEVEL</c>.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary><c>HUB_NATS</c>, <c>HUB_NATS_CREDS</c> and <c>HUB_NATS_CA</c>: the NATS servers of a fleet; null for the only hub.</summary>
    internal NatsSettings? Nats { get; init; }

    /// <summary>The bus of several hubs in one process, in tests.</summary>
    internal IHubBus? Bus { get; init; }

    /// <summary>Interval of pings to agents, and the timeout of their answers.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What one host may have of the hub.</summary>
    public Agents.Limits.AgentLimits Limits { get; init; } = new();

    /// <summary>Output for a generated API key.</summary>
    public TextWriter Output { get; init; } = TextWriter.Null;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="ArgumentException">A variable has an invalid value; the message names the variable and the accepted values.</exception>
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
        var tls = TlsOptions.Load(Text);
        return new HubOptions
        {
            Urls = Text("HUB_URLS") is { } urls ? ListenAddresses.Check(urls, tls) : ListenAddresses.Default(tls),
            Tls = tls,
            TrustedProxies = Hub.Tls.TrustedProxies.Load(Text("HUB_TRUSTED_PROXIES")),
            DataPath = Path.GetFullPath(Text("HUB_DATA") ?? "dockmon-hub-data"),
            Database = Text("HUB_DATABASE_FILE") is { } addressFile ? CheckDatabase(ReadSecret("HUB_DATABASE_FILE", addressFile, "the address"))
                : Text("HUB_DATABASE") is { } address ? CheckDatabase(address) : null,
            AdminKey = Text("HUB_ADMIN_KEY_FILE") is { } file ? CheckKey("HUB_ADMIN_KEY_FILE", ReadSecret("HUB_ADMIN_KEY_FILE", file, "the key"))
                : Text("HUB_ADMIN_KEY") is { } key ? CheckKey("HUB_ADMIN_KEY", key) : null,
            Oidc = OidcOptions.Load(Text),
            AuditDays = Days("HUB_AUDIT_DAYS", Text("HUB_AUDIT_DAYS"), DefaultAuditDays),
            EventsDays = Days("HUB_EVENTS_DAYS", Text("HUB_EVENTS_DAYS"), DefaultEventsDays),
            LogLevel = level,
            Nats = ReadNats(Text),
            Output = Console.Out,
        };
    }

    private static int Days(string variable, string? text, int usual) =>
        text is null ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 36_500 ? days
        : throw new ArgumentException($"{variable} is \"{text}\": it must be a number of days from 1 to 36500");

    private static NatsSettings? ReadNats(Func<string, string?> text)
    {
        var servers = text("HUB_NATS_FILE") is { } file ? ReadSecret("HUB_NATS_FILE", file, "the addresses") : text("HUB_NATS");
        if (servers is not null && text("HUB_DATABASE") is null && text("HUB_DATABASE_FILE") is null)
        {
            throw new ArgumentException(
                "HUB_NATS is for several hubs, which need a database that they share: name a PostgreSQL in HUB_DATABASE, or unset HUB_NATS");
        }

        return servers is null ? null : NatsSettings.Parse(servers, text("HUB_NATS_CREDS"), text("HUB_NATS_CA"));
    }

    private static string ReadSecret(string variable, string file, string content)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{variable} is \"{file}\", which cannot be read ({e.Message}): name a file that holds {content}", e);
        }
    }

    private static string CheckDatabase(string address)
    {
        _ = PostgresAddress.Parse(address);
        return address;
    }

    private static string CheckKey(string variable, string key) =>
        key.Length >= ShortestKey ? key : throw new ArgumentException($"{variable} holds too short a key: it must have at least {ShortestKey} characters");
}
