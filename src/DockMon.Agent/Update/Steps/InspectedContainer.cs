using System.Text.Json.Nodes;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;

namespace DockMon.Agent.Update.Steps;

/// <summary>What <see cref="DependentFinder"/> keeps of a container. An inspect object can be large, and there may be hundreds of them.</summary>
/// <param name="Id">64 characters of its id.</param>
/// <param name="Name">Its name, without a slash.</param>
/// <param name="IsRunning">Whether it runs, paused or not.</param>
/// <param name="Owners">The containers it has a namespace from, as it names them.</param>
/// <param name="ImageId">The id of its image.</param>
/// <param name="IsLabelled">Whether it has the label of <see cref="Protection"/>, be it from its image.</param>
/// <param name="HasConfig">Whether there is enough of it to create it again.</param>
internal sealed record InspectedContainer(string Id, string Name, bool IsRunning, IReadOnlyList<string> Owners, string ImageId, bool IsLabelled, bool HasConfig)
{
    /// <summary>Why there is nothing but its entry in the engine's list, which tells of its network only; null when it was inspected.</summary>
    public string? Unseen { get; init; }

    /// <summary>The same of Docker's inspect object.</summary>
    public static InspectedContainer Of(JsonObject inspected) => new(
        inspected.GetText("Id"),
        inspected.GetText("Name").TrimStart('/'),
        inspected["State"].Member("Running").IsTrue(),
        [.. Namespaces.Owners(inspected)],
        inspected.GetText("Image"),
        Protection.IsLabelled(inspected),
        inspected["Config"] is not null);

    /// <summary>The same of an entry in the engine's list.</summary>
    public static InspectedContainer OfListed(ContainerSummary item) => new(
        item.Id,
        item.Name.Length > 0 ? item.Name : new ContainerId(item.Id).Short,
        item.State is "running" or "paused",
        [.. Namespaces.Owners([item.HostConfig.NetworkMode])],
        ImageId: "",
        IsLabelled: false,
        HasConfig: false);
}
