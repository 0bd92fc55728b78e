using DockMon.Hub.Bus;

namespace DockMon.Hub.Inventory;

/// <summary>The containers of all hosts: kept up to date, queried and watched.</summary>
internal static class InventoryServices
{
    public static void AddInventory(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, InventoryJson.Default));
        services.AddSingleton<ContainerStore>();
        services.AddSingleton<ContainerSearch>();
        services.AddSingleton<LatestFigures>();
        services.AddSingleton<IAnswersHubs>(provider => provider.GetRequiredService<LatestFigures>());
        services.AddSingleton<InventoryUpdates>();
        services.AddHostedService(provider => provider.GetRequiredService<InventoryUpdates>());
    }

    public static void MapInventory(this WebApplication app) => InventoryApi.Map(app);
}
