using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub.Storage;

/// <summary>The database and what is kept in it.</summary>
internal static class StorageServices
{
    /// <summary>How long a start waits for a database that cannot be reached: it may be starting, too.</summary>
    private static readonly TimeSpan StartWait = TimeSpan.FromMinutes(1);

    public static void AddStorage(this IServiceCollection services)
    {
        services.AddSingleton<Database>();
        services.AddSingleton<ITokens, Tokens>();
        services.AddSingleton<IHosts, Hosts>();
        services.AddSingleton<EventWriter>();
        services.AddSingleton<IEvents, Events>();
        services.AddHostedService<EventExpiry>();
        services.AddSingleton<IHealthChecks, HealthChecks>();
        services.AddSingleton<HostPolicies>();
        services.AddSingleton<Registrations>();
        services.AddExceptionHandler<StorageProblems>();
    }

    /// <summary>Opens the database, before anything uses it.</summary>
    public static Task UseStorageAsync(this WebApplication app, CancellationToken ct) =>
        app.Services.GetRequiredService<Database>().OpenAsync(ct, StartWait);
}
