using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Planning;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;

namespace DockMon.Agent.Update.Journal;

/// <summary>How far an update has come. At its start an agent goes back from <see cref="Creating"/> and <see cref="GoingBack"/>, and on from the others.</summary>
internal enum UpdateStep
{
    /// <summary>The successor may exist under its temporary name; the container runs on.</summary>
    Creating,

    /// <summary>The container is being stopped and set aside, the successor takes its name and is watched. Recovery goes on if it runs under that name, else back.</summary>
    Swapping,

    /// <summary>The way back is being gone.</summary>
    GoingBack,

    /// <summary>The successor is healthy: what is left is to bring the dependents over and to clean up.</summary>
    Healthy,
}

/// <summary>All that is needed to finish an update or to undo it, by an agent that knows nothing else.</summary>
internal sealed record UpdateJournal
{
    private const int IdLength = 64;

    /// <summary>The container as the server named it.</summary>
    public required string ContainerId { get; init; }

    /// <summary>64 characters of the id of the container that is replaced.</summary>
    public required string OldId { get; init; }

    /// <summary>Its name, without a slash: the successor's in the end.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the successor until the swap.</summary>
    public required string TemporaryName { get; init; }

    /// <summary>Name of the old container after the swap.</summary>
    public required string BackupName { get; init; }

    /// <summary>64 characters of the successor's id, once it is known.</summary>
    public string? NewId { get; init; }

    /// <summary>Whether the engine has said how the creation of the successor ended; without that it may still be at it.</summary>
    public bool CreateEnded { get; init; }

    /// <summary>Whether the container ran (paused or not).</summary>
    public bool WasRunning { get; init; }

    /// <summary>Whether it was paused.</summary>
    public bool WasPaused { get; init; }

    /// <summary>Seconds it has to stop.</summary>
    public int StopTimeout { get; init; }

    /// <summary>Seconds its successor has to become healthy.</summary>
    public int HealthTimeout { get; init; } = UpdateCommand.DefaultHealthSeconds;

    /// <summary>When the engine starts it again; null for never. The old container has none while its successor is in its place.</summary>
    public ContainerRestartPolicy? RestartPolicy { get; init; }

    /// <summary>When it was: what shows that the machine or the engine has been restarted since.</summary>
    public RunOfHost? Era { get; init; }

    /// <summary>How far it has come.</summary>
    public UpdateStep Step { get; init; }

    /// <summary>Id of the container that this one has its network, or another namespace, from; null for none.</summary>
    public string? SharedWith { get; init; }

    /// <summary>That id, for a container that is made anew because the one whose network it shares is updated; null for an update that a server asked for.</summary>
    public string? DependentOf { get; init; }

    /// <summary>Whether the engine was told to stop the container. It goes on with that whatever becomes of the agent.</summary>
    public bool StopBegan { get; init; }

    /// <summary>Whether that stop has come to its end.</summary>
    public bool StopEnded { get; init; }

    /// <summary>Whether it is not to be started when it is brought back: a dependent whose network is gone cannot be.</summary>
    public bool StaysDown { get; init; }

    /// <summary>The containers that hang on it, each after those that it hangs on itself.</summary>
    public IReadOnlyList<Dependent>? Dependents { get; init; }

    /// <summary>When it ended: what tells two updates of one container apart that are looked at once more.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it goes back.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether the server was told that the old container could not be brought back yet.</summary>
    public bool LossTold { get; init; }

    /// <summary>Whether it runs, and Docker removes it when it stops (<c>--rm</c>).</summary>
    public bool RemovesItself { get; init; }

    /// <summary>How the container names its image, of which the create body has the id.</summary>
    public string? ImageName { get; init; }

    /// <summary>Create body of the old container: it may be gone when there is a way back to go, removed by the engine itself or in somebody's cleaning up.</summary>
    public JsonObject? Recreate { get; init; }

    /// <summary>The networks to connect a re-created container to.</summary>
    public IReadOnlyDictionary<string, JsonObject>? RecreateNetworks { get; init; }

    /// <summary>The journal of an update that begins.</summary>
    /// <param name="containerId">The container as the server named it.</param>
    /// <param name="inspected">Docker's inspect object.</param>
    /// <param name="stopTimeout">Seconds it has to stop.</param>
    /// <param name="healthTimeout">Seconds its successor has to become healthy.</param>
    public static UpdateJournal Open(string containerId, JsonObject inspected, int stopTimeout, int healthTimeout)
    {
        var (id, name) = (inspected.GetText("Id"), inspected.GetText("Name").TrimStart('/'));
        var running = inspected["State"]?["Running"]?.GetValue<bool>() == true;
        var removesItself = running && inspected["HostConfig"]?["AutoRemove"]?.GetValue<bool>() == true;
        // By its image's id: the name may mean the new image by now.
        var again = UpdatePlanner.Plan(inspected, [], inspected.GetText("Image"));
        return new UpdateJournal
        {
            ContainerId = containerId,
            OldId = id,
            Name = name,
            TemporaryName = $"{name}-dockmon-new-{UpdatePlanner.ShortId(id)}",
            BackupName = $"{name}-dockmon-old-{UpdatePlanner.ShortId(id)}",
            WasRunning = running,
            WasPaused = inspected["State"]?["Paused"]?.GetValue<bool>() == true,
            StopTimeout = stopTimeout,
            HealthTimeout = healthTimeout,
            RestartPolicy = PolicyOf(inspected),
            SharedWith = SharedBy(inspected),
            Step = UpdateStep.Creating,
            RemovesItself = removesItself,
            ImageName = inspected["Config"] is JsonObject config ? config.GetText("Image") : null,
            Recreate = again.CreateBody,
            RecreateNetworks = again.Networks.ToDictionary(),
        };
    }

    /// <summary>Id of the container that a container has its network, or another namespace, from; null for none, or when it is named by something else than its id.</summary>
    public static string? SharedBy(JsonObject inspected) => Namespaces.Owners(inspected).FirstOrDefault(owner => owner.Length == IdLength);

    /// <summary>Whether it is one: a file may be any JSON.</summary>
    public bool IsValid => OldId is { Length: IdLength } && !string.IsNullOrEmpty(Name) && !string.IsNullOrEmpty(ContainerId) && (NewId is null or { Length: IdLength });

    private static ContainerRestartPolicy? PolicyOf(JsonObject inspected) =>
        inspected["HostConfig"]?[nameof(RestartPolicy)] is JsonObject policy && policy.GetText("Name") is not ("" or "no") and var name
            ? new ContainerRestartPolicy { Name = name, MaximumRetryCount = policy["MaximumRetryCount"]?.GetValue<int>() ?? 0 } : null;
}

/// <summary>An update that was promised to a server and has changed nothing yet.</summary>
/// <param name="Id">64 characters of the id of the container.</param>
/// <param name="Name">Its name.</param>
/// <param name="ContainerId">The container as the server named it.</param>
internal sealed record AcceptedUpdate(string Id, string Name, string ContainerId)
{
    /// <summary>Whether it is one: a file may be any JSON.</summary>
    [JsonIgnore]
    public bool IsValid => !string.IsNullOrEmpty(Id) && !string.IsNullOrEmpty(Name) && !string.IsNullOrEmpty(ContainerId);
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, MaxDepth = 128)]
[JsonSerializable(typeof(UpdateJournal))]
[JsonSerializable(typeof(AcceptedUpdate))]
internal sealed partial class UpdateJson : JsonSerializerContext;
