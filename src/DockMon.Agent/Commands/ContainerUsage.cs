using System.Text.Json;
using DockMon.Agent.Json;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands;

/// <summary>A container as the lists of images, networks and volumes need it.</summary>
internal sealed record ListedContainer(ContainerName Name, string ImageId, IReadOnlyList<(string Id, string Name)> Networks, IReadOnlyList<string> Volumes);

/// <summary>Which containers use what: one list of all containers, running or not.</summary>
internal static class ContainerUsage
{
    private const int ShortIdLength = 12;

    public static async Task<IReadOnlyList<ListedContainer>> ReadAsync(EngineClient engine, CancellationToken ct)
    {
        using var list = JsonDocument.Parse(await engine.ListContainersRawAsync(all: true, ct));
        return [.. list.RootElement.EnumerateArray().Select(Read)];
    }

    /// <summary>12 characters of an id, without its algorithm.</summary>
    public static string ShortId(string id)
    {
        var bare = id[(id.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return bare.Length > ShortIdLength ? bare[..ShortIdLength] : bare;
    }

    /// <summary>An RFC 3339 time to the second; empty when it is none.</summary>
    public static string Seconds(string time) => Rfc3339.TryParse(time, out var parsed) ? Rfc3339.FormatSeconds(parsed) : "";

    private static ListedContainer Read(JsonElement item) => new(
        new ContainerName(ShortId(item.GetText("Id")), item.GetItems("Names").Select(name => name.GetString()!.TrimStart('/')).FirstOrDefault() ?? ""),
        item.GetText("ImageID"),
        [.. item.GetObject("NetworkSettings").GetMembers("Networks").Select(network => (network.Value.GetText("NetworkID"), network.Name))],
        [.. item.GetItems("Mounts").Where(mount => mount.GetText("Type") == "volume").Select(mount => mount.GetText("Name"))]);
}
