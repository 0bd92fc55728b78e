using DockMon.Hub.Storage;
using DockMon.Hub.Tls;

namespace DockMon.Hub.Access.SignIn;

/// <summary>The way to the first user: a link that is good until it was used, or the hub restarts. There is none once there is an admin.</summary>
internal sealed partial class SetupLink(Users users, HubOptions options, ILogger<SetupLink> logger)
{
    public const string Path = "/setup";

    private string? _hash;

    /// <summary>Makes the link if there is no admin, and shows it.</summary>
    public async Task EnsureAsync(IHostApplicationLifetime lifetime, Func<ICollection<string>> addresses, CancellationToken ct)
    {
        if (await users.HasAdminAsync(ct))
        {
            return;
        }

        var token = Secrets.Create();
        _hash = Secrets.Hash(token);

        // The port may be known only now.
        lifetime.ApplicationStarted.Register(() => Show($"{ListenAddresses.ForPeople(addresses())}{Path}?token={token}"));
    }

    public bool Matches(string? token) => Volatile.Read(ref _hash) is { } hash && token is not null && Secrets.Matches(token, hash);

    /// <summary>Ends the link: there is a user.</summary>
    public void Close() => Volatile.Write(ref _hash, null);

    private void Show(string link)
    {
        Log.NoUser(logger, link);
        options.Output.WriteLine($"Make the first user: {link}");
        options.Output.Flush();
    }

    private static partial class Log
    {
        [LoggerMessage(71, LogLevel.Information, "The hub has no admin among its users yet. The first one is made at {Link}, until the hub restarts")]
        public static partial void NoUser(ILogger logger, string link);
    }
}
