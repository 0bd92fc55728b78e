using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Dialects;

namespace DockMon.Hub;

/// <summary>The commands <c>backup</c>, <c>restore</c> and <c>migrate</c>.</summary>
internal static class StorageVerbs
{
    public const string Usage = "dockmon-hub backup FILE | restore FILE | migrate --from sqlite --to postgres";

    public static async Task<int> RunAsync(string[] arguments, HubOptions options, TextWriter output, TextWriter error, CancellationToken ct)
    {
        switch (arguments)
        {
            case ["backup", var file]:
                await Backup.WriteAsync(options, Path.GetFullPath(file), ct);
                await output.WriteLineAsync($"{file} is a backup of the database and its key: whoever can read it has all secrets of the hub.");
                return 0;
            case ["restore", var file]:
                await Backup.RestoreAsync(options, Path.GetFullPath(file), ct);
                await output.WriteLineAsync($"{file} was restored.");
                return 0;
            case ["migrate", "--from", "sqlite", "--to", "postgres"]:
                await MigrateAsync(options, output, ct);
                return 0;
            default:
                await error.WriteLineAsync("usage: " + Usage);
                return 2;
        }
    }

    private static async Task MigrateAsync(HubOptions options, TextWriter output, CancellationToken ct)
    {
        if (options.Database is null)
        {
            throw new ArgumentException("HUB_DATABASE is not set: it names the PostgreSQL database to copy to");
        }

        var file = Path.Combine(options.DataPath, SqliteDialect.FileName);
        if (!File.Exists(file))
        {
            throw new IOException($"there is no database {file}: HUB_DATA is to be that of the hub");
        }

        await using var source = new Database(new HubOptions { DataPath = options.DataPath });
        await source.OpenAsync(ct);
        await using var target = new Database(options);
        await target.OpenAsync(ct);
        foreach (var (table, rows) in await DatabaseCopy.RunAsync(source, target, ct))
        {
            await output.WriteLineAsync($"{rows,10} {table}");
        }

        // With what was copied, not with what was there before.
        await target.OpenAsync(ct);
        await output.WriteLineAsync(
            $"{target.Name} has all of {file}, which a hub with HUB_DATABASE does not use any more. The key {Vault.KeyFile} stays where it is.");
    }
}
