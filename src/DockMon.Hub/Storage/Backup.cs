using DockMon.Hub.Bus;
using DockMon.Hub.Storage.Dialects;
using Microsoft.Data.Sqlite;

namespace DockMon.Hub.Storage;

/// <summary>
/// Backups: one file with all of the database and its key, a SQLite database whatever the hub's own is. Who has it has all secrets of the hub, as with
/// <c>HUB_DATA</c> itself: its mode is 0600.
/// </summary>
internal static class Backup
{
    private const string KeyTable = "backup_key";

    /// <summary>Writes a backup; the hub may run.</summary>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public static async Task WriteAsync(HubOptions options, string file, CancellationToken ct)
    {
        if (File.Exists(file))
        {
            throw new IOException($"{file} exists already, and no backup was written: name a new file");
        }

        if (options.Database is null)
        {
            var path = Path.Combine(options.DataPath, SqliteDialect.FileName);
            await WriteAsync(
                File.Exists(path) ? path : throw new IOException($"there is no database {path}: HUB_DATA is to be that of the hub"),
                options.DataPath,
                file,
                ct);
            return;
        }

        await using var source = new Database(options);
        await source.OpenAsync(ct);
        var folder = Directory.CreateTempSubdirectory("dockmon-backup-");
        try
        {
            File.Copy(Path.Combine(options.DataPath, Vault.KeyFile), Path.Combine(folder.FullName, Vault.KeyFile));
            await using (var copy = new Database(new HubOptions { DataPath = folder.FullName }))
            {
                await copy.OpenAsync(ct);
                await DatabaseCopy.RunAsync(source, copy, ct);
            }

            await WriteAsync(Path.Combine(folder.FullName, SqliteDialect.FileName), folder.FullName, file, ct);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Reads a backup into the configured database, which must be new.</summary>
    /// <exception cref="IOException">The file is no backup, or there is a database already.</exception>
    public static async Task RestoreAsync(HubOptions options, string file, CancellationToken ct)
    {
        if (options.Database is null)
        {
            await UnpackAsync(file, options.DataPath, ct);
            await using var restored = new Database(options);
            await restored.OpenAsync(ct);
            return;
        }

        var folder = Directory.CreateTempSubdirectory("dockmon-restore-");
        try
        {
            await UnpackAsync(file, folder.FullName, ct);
            TakeKey(Path.Combine(folder.FullName, Vault.KeyFile), options.DataPath);
            await using var source = new Database(new HubOptions { DataPath = folder.FullName });
            await source.OpenAsync(ct);
            await using var target = new Database(options);
            await target.OpenAsync(ct);
            await DatabaseCopy.RunAsync(source, target, ct);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task WriteAsync(string database, string keyDirectory, string file, CancellationToken ct)
    {
        var temporary = file + ".new";
        File.Delete(temporary);
        try
        {
            PrivateFile.Ensure(temporary);
            await using (var source = await OpenAsync(database, ct))
            {
                await new Statements(source, null, ct).ExecuteAsync("VACUUM INTO @file", ("@file", temporary));
            }

            await using (var copy = await OpenAsync(temporary, ct))
            {
                var statements = new Statements(copy, null, ct);
                await statements.ExecuteAsync($"CREATE TABLE {KeyTable} (value TEXT NOT NULL) STRICT");
                var key = await File.ReadAllTextAsync(Path.Combine(keyDirectory, Vault.KeyFile), ct);
                await statements.ExecuteAsync($"INSERT INTO {KeyTable} (value) VALUES (@key)", ("@key", key));
            }

            File.Move(temporary, file);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Makes <c>hub.db</c> and <c>hub.key</c> of a backup.</summary>
    private static async Task UnpackAsync(string file, string directory, CancellationToken ct)
    {
        // A log that a killed hub left would be played into the restored database.
        var target = Path.Combine(directory, SqliteDialect.FileName);
        if (new[] { target, target + "-wal", target + "-journal" }.FirstOrDefault(File.Exists) is { } there)
        {
            throw new IOException(
                $"{there} exists already, and nothing was restored: stop the hub and move its database ({SqliteDialect.FileName}* in {directory}) "
                    + "and key away, all files of it together");
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (temporary, keyFile) = (target + ".new", Path.Combine(directory, Vault.KeyFile + ".restored"));
        File.Delete(temporary);
        try
        {
            PrivateFile.Ensure(temporary);
            await using (var from = File.OpenRead(file))
            await using (var to = new FileStream(temporary, FileMode.Open, FileAccess.Write))
            {
                await from.CopyToAsync(to, ct);
                to.Flush(flushToDisk: true);
            }

            string key;
            await using (var copy = await OpenAsync(temporary, ct))
            {
                var statements = new Statements(copy, null, ct);
                if (await statements.QueryAsync("PRAGMA integrity_check", row => row.GetString(0)) is not ["ok"])
                {
                    throw new IOException($"{file} is damaged, and nothing was restored: take another backup");
                }

                key = (await statements.QueryAsync($"SELECT value FROM {KeyTable}", row => row.GetString(0))).Single();
                await statements.ExecuteAsync($"DROP TABLE {KeyTable}");

                // A copy beside the original is a fleet of its own, also on the same NATS.
                await statements.ExecuteAsync($"DELETE FROM settings WHERE name = '{HubLink.FleetSetting}'");

                // Without this, the key still is in a free page.
                await statements.ExecuteAsync("VACUUM");
            }

            PrivateFile.Write(keyFile, System.Text.Encoding.ASCII.GetBytes(key));
            TakeKey(keyFile, directory);
            File.Move(temporary, target);
        }
        catch (SqliteException e)
        {
            throw new IOException($"{file} is no backup of a hub ({e.Message}), and nothing was restored", e);
        }
        finally
        {
            File.Delete(temporary);
            File.Delete(keyFile);
        }
    }

    private static void TakeKey(string from, string directory)
    {
        var path = Path.Combine(directory, Vault.KeyFile);
        var key = File.ReadAllBytes(from);
        if (File.Exists(path) && !File.ReadAllBytes(path).AsSpan().SequenceEqual(key))
        {
            throw new IOException($"{path} is not the key of this backup, and nothing was restored: move it away, if no database needs it");
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        PrivateFile.Write(path, key);
    }

    private static async Task<SqliteConnection> OpenAsync(string file, CancellationToken ct)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 }.ToString());
        await connection.OpenAsync(ct);
        return connection;
    }
}
