using DockMon.Hub.Storage;

namespace DockMon.Hub;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        try
        {
            var options = HubOptions.Load(Environment.GetEnvironmentVariable);
            switch (args)
            {
                case []:
                    await using (var app = HubApplication.Build(options))
                    {
                        await app.RunAsync();
                    }

                    return 0;
                case ["token"]:
                    var tokens = new SqliteTokens(new Database(options.DataPath), TimeProvider.System);
                    await Console.Out.WriteLineAsync(tokens.Create(maxUses: 1).Token);
                    return 0;
                case ["version"]:
                    await Console.Out.WriteLineAsync(HubApplication.Version);
                    return 0;
                default:
                    await Console.Error.WriteLineAsync(
                        "usage: dockmon-hub [token | version]\nConfiguration comes from environment variables: see docs/configuration.md.");
                    return 2;
            }
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or Microsoft.Data.Sqlite.SqliteException)
        {
            await Console.Error.WriteLineAsync($"dockmon-hub cannot start: {e.Message}");
            return 1;
        }
    }
}
