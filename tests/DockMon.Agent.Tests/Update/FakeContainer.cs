using System.Text.Json.Nodes;

namespace DockMon.Agent.Tests.Update;

/// <summary>A container of a <see cref="FakeDocker"/>.</summary>
internal sealed class FakeContainer
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    /// <summary>The create body it was made from.</summary>
    public required JsonObject Body { get; init; }

    public required string ImageId { get; init; }

    /// <summary>created, running or exited.</summary>
    public string Status { get; set; } = "created";

    public int ExitCode { get; set; }

    public bool Paused { get; set; }

    public string Policy { get; set; } = "no";

    public HashSet<string> Networks { get; } = new(StringComparer.Ordinal);

    /// <summary>Somebody has it removed already.</summary>
    public bool IsGoing { get; set; }

    /// <summary>Completes when the stop that is under way has ended; null for none.</summary>
    public Task? Stopping { get; set; }

    public bool RemovesItself => Body["HostConfig"]?["AutoRemove"]?.GetValue<bool>() == true;

    public string NetworkMode => Body["HostConfig"]?[nameof(NetworkMode)]?.GetValue<string>() ?? "default";

    /// <summary>Its name and what it does, for tests.</summary>
    public override string ToString() => $"{Name} {(Paused ? "paused" : Status)}";

    /// <summary>Docker's inspect object of it.</summary>
    public JsonObject Inspect()
    {
        var host = Body["HostConfig"]?.DeepClone() as JsonObject ?? [];
        host["RestartPolicy"] = new JsonObject { [nameof(Name)] = Policy, ["MaximumRetryCount"] = 0 };
        var config = (JsonObject)Body.DeepClone();
        config.Remove("HostConfig");
        config.Remove("NetworkingConfig");
        return new JsonObject
        {
            [nameof(Id)] = Id,
            [nameof(Name)] = "/" + Name,
            ["Image"] = ImageId,
            ["Config"] = config,
            ["HostConfig"] = host,
            ["Mounts"] = new JsonArray(),
            ["NetworkSettings"] = new JsonObject
            {
                [nameof(Networks)] = new JsonObject(Networks.Select(network => KeyValuePair.Create(network, (JsonNode?)new JsonObject())))
            },
            ["State"] = new JsonObject
            {
                [nameof(Status)] = Paused ? "paused" : Status,
                ["Running"] = Status == "running",
                [nameof(Paused)] = Paused,
                [nameof(ExitCode)] = ExitCode
            },
        };
    }

    /// <summary>Its entry in the list.</summary>
    public JsonObject List() => new()
    {
        [nameof(Id)] = Id,
        ["Names"] = new JsonArray("/" + Name),
        ["State"] = Paused ? "paused" : Status,
        ["HostConfig"] = new JsonObject { [nameof(NetworkMode)] = NetworkMode },
    };
}
