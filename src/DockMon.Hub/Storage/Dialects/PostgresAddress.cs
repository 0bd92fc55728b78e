using Npgsql;

namespace DockMon.Hub.Storage.Dialects;

/// <summary>The address of a PostgreSQL database: <c>postgres://user:password@host:port/name?sslmode=verify-full</c>.</summary>
internal sealed class PostgresAddress
{
    /// <summary>Maximum number of connections of one hub.</summary>
    public const int PoolSize = 20;

    private const string Form = "HUB_DATABASE must be an address such as postgres://user:password@host:5432/name?sslmode=verify-full";

    private PostgresAddress(NpgsqlConnectionStringBuilder settings)
    {
        ConnectionString = settings.ToString();
        Name = $"{settings.Host}:{settings.Port}/{settings.Database}";
    }

    /// <summary>Settings of the connections. Secret.</summary>
    public string ConnectionString { get; }

    /// <summary>The address for messages, without user and password.</summary>
    public string Name { get; }

    /// <exception cref="ArgumentException">The address is invalid; the message does not contain it, because of the password.</exception>
    public static PostgresAddress Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri))
        {
            throw new ArgumentException($"HUB_DATABASE is no address. {Form}; characters such as @, : and / in the password are written as %40, %3A and %2F");
        }

        if (uri.Scheme is not ("postgres" or "postgresql"))
        {
            throw new ArgumentException(
                $"HUB_DATABASE begins with {uri.Scheme}://, which is no database the hub knows. {Form}; without it the hub uses SQLite");
        }

        var name = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"HUB_DATABASE names no database. {Form}");
        }

        var user = uri.UserInfo.Split(':', 2);
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = uri.IdnHost.Trim('[', ']'),
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = name,
            Username = Uri.UnescapeDataString(user[0]) is { Length: > 0 } given ? given : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            ApplicationName = "dockmon-hub",
            MaxPoolSize = PoolSize,
            Timeout = 5,
            CommandTimeout = 30,
            KeepAlive = 30,

            // Connections have no state of their own that must be undone.
            NoResetOnClose = true,
        };
        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            Apply(settings, Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "");
        }

        return string.IsNullOrEmpty(settings.Host)
            ? throw new ArgumentException($"HUB_DATABASE names no host. {Form}")
            : new PostgresAddress(settings);
    }

    private static void Apply(NpgsqlConnectionStringBuilder settings, string option, string value)
    {
        switch (option)
        {
            case "sslmode":
                settings.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new ArgumentException(
                        $"HUB_DATABASE has sslmode={value}: it must be one of disable, allow, prefer, require, verify-ca, verify-full"),
                };
                break;
            case "sslrootcert":
                settings.RootCertificate = Existing(option, value);
                break;
            case "sslcert":
                settings.SslCertificate = Existing(option, value);
                break;
            case "sslkey":
                settings.SslKey = Existing(option, value);
                break;
            case "host" when value.StartsWith('/'):
                settings.Host = value; // The directory of a UNIX socket.
                break;
            default:
                throw new ArgumentException(
                    $"HUB_DATABASE has the option {option}: the hub knows sslmode, sslrootcert, sslcert, sslkey, and host with the directory of a UNIX socket");
        }
    }

    private static string Existing(string option, string file) =>
        File.Exists(file) ? file : throw new ArgumentException($"HUB_DATABASE has {option}={file}: there is no such file");
}
