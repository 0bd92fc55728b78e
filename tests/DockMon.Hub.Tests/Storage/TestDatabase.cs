using DockMon.Hub.Storage;

namespace DockMon.Hub.Tests.Storage;

/// <summary>The database of a hub, without the hub.</summary>
internal static class TestDatabase
{
    public static async Task<Database> OpenAsync(string folder, CancellationToken ct)
    {
        var database = new Database(new HubOptions { DataPath = folder });
        await database.OpenAsync(ct);
        return database;
    }
}
