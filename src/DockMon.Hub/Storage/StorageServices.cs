namespace DockMon.Hub.Storage;

/// <summary>The database and what is kept in it.</summary>
internal static class StorageServices
{
    public static void AddStorage(this IServiceCollection services, HubOptions options)
    {
        services.AddSingleton(new Database(options.DataPath));
        services.AddSingleton<ITokens, SqliteTokens>();
        services.AddSingleton<IHosts, SqliteHosts>();
        services.AddSingleton<IEvents, SqliteEvents>();
        services.AddSingleton<IHealthChecks, SqliteHealthChecks>();
        services.AddSingleton<Registrations>();
    }
}
