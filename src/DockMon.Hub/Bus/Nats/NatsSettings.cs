using NATS.Client.Core;

namespace DockMon.Hub.Bus.Nats;

/// <summary>How to reach the NATS servers of a fleet.</summary>
/// <param name="Servers">Addresses without user names, separated by commas.</param>
/// <param name="User">User name; null for none. Secret, as the password.</param>
/// <param name="Password">Password.</param>
/// <param name="CredentialsFile">File with a JWT and its seed.</param>
/// <param name="AuthorityFile">File with the certificate authorities that the servers' certificates are of; null for those of the system.</param>
internal sealed record NatsSettings(string Servers, string? User, string? Password, string? CredentialsFile, string? AuthorityFile)
{
    /// <summary>Reads <c>HUB_NATS</c>, <c>HUB_NATS_CREDS</c> and <c>HUB_NATS_CA</c>.</summary>
    /// <exception cref="ArgumentException">A value is invalid; the message names it, without a password.</exception>
    public static NatsSettings Parse(string servers, string? credentialsFile, string? authorityFile)
    {
        string? user = null;
        string? password = null;
        var addresses = new List<string>();
        foreach (var text in servers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("nats" or "tls") || uri.Host.Length == 0)
            {
                throw new ArgumentException(
                    "HUB_NATS has an address that is none: it must be nats://HOST:4222 or tls://HOST:4222, or several with commas between them");
            }

            if (uri.UserInfo.Length > 0)
            {
                var parts = uri.UserInfo.Split(':', 2);
                (user, password) = (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
            }

            addresses.Add($"{uri.Scheme}://{uri.Host}:{(uri.Port > 0 ? uri.Port : 4222)}");
        }

        if (addresses.Count == 0)
        {
            throw new ArgumentException("HUB_NATS names no server: it must be nats://HOST:4222 or tls://HOST:4222");
        }

        return new NatsSettings(
            string.Join(',', addresses), user, password, Readable("HUB_NATS_CREDS", credentialsFile), Readable("HUB_NATS_CA", authorityFile));
    }

    /// <summary>Options of the client.</summary>
    public NatsOpts ToOptions() => NatsOpts.Default with
    {
        Url = Servers,
        Name = "dockmon-hub",
        AuthOpts = NatsAuthOpts.Default with { Username = User, Password = Password, CredsFile = CredentialsFile },
        TlsOpts = NatsTlsOpts.Default with
        {
            CaFile = AuthorityFile,
            Mode = Servers.Contains("tls://", StringComparison.Ordinal) || AuthorityFile is not null ? TlsMode.Require : TlsMode.Auto,
        },
        RetryOnInitialConnect = true,
        MaxReconnectRetry = -1,

        // Otherwise a server that refuses twice, while its configuration changes, is never tried again.
        IgnoreAuthErrorAbort = true,
        ReconnectWaitMin = TimeSpan.FromMilliseconds(250),
        ReconnectWaitMax = TimeSpan.FromSeconds(2),
        PingInterval = TimeSpan.FromSeconds(10),
        SubPendingChannelCapacity = 4096,
    };

    public override string ToString() => Servers;

    private static string? Readable(string variable, string? file)
    {
        try
        {
            using var _ = file is null ? null : File.OpenRead(file);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{variable} is \"{file}\", which cannot be read ({e.Message}): name a file that the hub may read", e);
        }
    }
}
