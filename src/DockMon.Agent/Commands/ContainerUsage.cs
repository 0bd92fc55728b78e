using System.Text.Json;
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

    /// <summary>A text of a JSON object; empty when it is not there.</summary>
    public static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>An RFC 3339 time to the second; empty when it is none.</summary>
    public static string Seconds(string time) => Rfc3339.TryParse(time, out var parsed) ? Rfc3339.FormatSeconds(parsed) : "";

    /// <summary>What an object has under a name; nothing when it is null or no object.</summary>
    public static IEnumerable<JsonProperty> Members(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : [];

    /// <summary>What a list has under a name; nothing when it is null or no list.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    private static ListedContainer Read(JsonElement item) => new(
        new ContainerName(ShortId(Text(item, "Id")), Items(item, "Names").Select(name => name.GetString()!.TrimStart('/')).FirstOrDefault() ?? ""),
        Text(item, "ImageID"),
        [.. item.TryGetProperty("NetworkSettings", out var settings) ? Members(settings, "Networks").Select(network => (Text(network.Value, "NetworkID"), network.Name)) : []],
        [.. Items(item, "Mounts").Where(mount => Text(mount, "Type") == "volume").Select(mount => Text(mount, "Name"))]);
}
