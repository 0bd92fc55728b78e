using DockMon.Hub.Storage;

namespace DockMon.Hub.Api;

/// <summary>The API key: configured, or generated at the first start and shown once. Stored as a hash.</summary>
internal sealed class AdminKey(Database database, HubOptions options)
{
    private string _hash = "";

    /// <summary>Loads the key; stores the configured one, or generates and shows one when there is none.</summary>
    public async Task EnsureExistsAsync(CancellationToken ct)
    {
        var stored = (await database.QueryAsync("SELECT value FROM settings WHERE name = 'admin_key'", row => row.GetString(0), ct)).SingleOrDefault();
        if (options.AdminKey is null && stored is not null)
        {
            _hash = stored;
            return;
        }

        var key = options.AdminKey ?? Secrets.Create();
        _hash = Secrets.Hash(key);
        await database.TransactAsync(
            open => open.ExecuteAsync(
                "INSERT INTO settings (name, value) VALUES ('admin_key', @hash) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                ("@hash", _hash)),
            ct);
        if (options.AdminKey is null)
        {
            await options.Output.WriteLineAsync($"Admin key (shown once): {key}".AsMemory(), ct);
            await options.Output.FlushAsync(ct);
        }
    }

    /// <summary>Whether this is the key, compared in constant time.</summary>
    public bool Matches(string key) => Secrets.Matches(key, _hash);
}
