using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DockMon.Agent.Json;
using DockMon.Agent.Update.Planning;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;

namespace DockMon.Agent.Update.Journal;

/// <summary>
/// How far an update has come. When the agent starts, it rolls back from <see cref="Creating"/> and <see cref="GoingBack"/>, and goes on from the others.
/// </summary>
internal enum UpdateStep
{
    /// <summary>The successor may exist under its temporary name. The container is unchanged.</summary>
    Creating,

    /// <summary>
    /// The container is stopped and renamed, the successor gets its name, is started and watched. Recovery goes on if the successor has that name and was
    /// started, and rolls back if not.
    /// </summary>
    Swapping,

    /// <summary>The old container is restored.</summary>
    GoingBack,

    /// <summary>The successor is healthy. The dependents are recreated and the old container is removed.</summary>
    Healthy,
}

/// <summary>All that the next run of the agent needs to finish an update or to roll it back. The names of the members are a file format.</summary>
internal sealed record UpdateJournal
{
    /// <summary>The container as the server named it.</summary>
    public required string ContainerId { get; init; }

    /// <summary>64 characters of the id of the container that is replaced.</summary>
    public required string OldId { get; init; }

    /// <summary>Its name, without a slash. The successor gets it.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the successor until the swap.</summary>
    public required string TemporaryName { get; init; }

    /// <summary>The name of the old container after the swap.</summary>
    public required string BackupName { get; init; }

    /// <summary>64 characters of the successor's id; null until it is known.</summary>
    public string? NewId { get; init; }

    /// <summary>Whether the engine has answered the request to create the successor. If not, it may still be working on it.</summary>
    public bool CreateEnded { get; init; }

    /// <summary>Whether the container ran, paused or not.</summary>
    public bool WasRunning { get; init; }

    /// <summary>Whether it was paused.</summary>
    public bool WasPaused { get; init; }

    /// <summary>Seconds the container has to stop.</summary>
    public int StopTimeout { get; init; }

    /// <summary>Seconds the successor has to become healthy.</summary>
    public int HealthTimeout { get; init; } = UpdateCommand.DefaultHealthSeconds;

    /// <summary>The restart policy; null for none. The old container has none while the successor has its name.</summary>
    public ContainerRestartPolicy? RestartPolicy { get; init; }

    /// <summary>The run of the machine and the engine in which the successor was started: tells whether either has been restarted since.</summary>
    public RunOfHost? Era { get; init; }

    /// <summary>How far the update has come.</summary>
    public UpdateStep Step { get; init; }

    /// <summary>The id of the container whose network or other namespace this one shares; null for none.</summary>
    public string? SharedWith { get; init; }

    /// <summary>The id of the main container, if this one is recreated as its dependent; null for an update that the server asked for.</summary>
    public string? DependentOf { get; init; }

    /// <summary>Whether the engine was asked to stop the container. It does so even if the agent ends meanwhile.</summary>
    public bool StopBegan { get; init; }

    /// <summary>Whether that stop has completed.</summary>
    public bool StopEnded { get; init; }

    /// <summary>Whether a rollback leaves the container stopped: a dependent whose main container was replaced cannot be started.</summary>
    public bool StaysDown { get; init; }

    /// <summary>The dependents, each after those whose namespaces it shares itself.</summary>
    public IReadOnlyList<Dependent>? Dependents { get; init; }

    /// <summary>When it ended. Distinguishes two ended updates of one container.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it is rolled back.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether it was reported that the old container cannot be restored yet.</summary>
    public bool LossTold { get; init; }

    /// <summary>Whether the container ran, and Docker removes it when it stops (<c>--rm</c>).</summary>
    public bool RemovesItself { get; init; }

    /// <summary>The reference by which the container names its image; <see cref="Recreate"/> has the id of the image.</summary>
    public string? ImageName { get; init; }

    /// <summary>The create body of the old container, for a rollback after it was removed: by the engine (<c>--rm</c>) or by somebody who cleaned up.</summary>
    public JsonObject? Recreate { get; init; }

    /// <summary>The further networks of a container that is recreated.</summary>
    public IReadOnlyDictionary<string, JsonObject>? RecreateNetworks { get; init; }

    /// <summary>The first journal of an update.</summary>
    /// <param name="containerId">The container as the server named it.</param>
    /// <param name="inspected">Docker's inspect object.</param>
    /// <param name="stopTimeout">Seconds the container has to stop.</param>
    /// <param name="healthTimeout">Seconds the successor has to become healthy.</param>
    public static UpdateJournal Open(string containerId, JsonObject inspected, int stopTimeout, int healthTimeout)
    {
        var (id, name) = (inspected.GetText("Id"), inspected.GetText("Name").TrimStart('/'));
        var running = inspected["State"].Member("Running").IsTrue();
        var removesItself = running && inspected["HostConfig"].Member("AutoRemove").IsTrue();
        // By the id of its image: the name may refer to the new image by now.
        var again = UpdatePlanner.Plan(inspected, [], inspected.GetText("Image"));
        return new UpdateJournal
        {
            ContainerId = containerId,
            OldId = id,
            Name = name,
            TemporaryName = $"{name}-dockmon-new-{new ContainerId(id).Short}",
            BackupName = $"{name}-dockmon-old-{new ContainerId(id).Short}",
            WasRunning = running,
            WasPaused = inspected["State"].Member("Paused").IsTrue(),
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

    /// <summary>The id of the container whose network or other namespace a container shares; null for none, or if it is not named by its id.</summary>
    public static string? SharedBy(JsonObject inspected) => Namespaces.Owners(inspected).FirstOrDefault(Engine.ContainerId.IsId);

    /// <summary>Whether it is a usable journal: a file can be any JSON.</summary>
    public bool IsValid =>
        Engine.ContainerId.IsId(OldId)
            && !string.IsNullOrEmpty(Name)
            && !string.IsNullOrEmpty(ContainerId)
            && (NewId is null || Engine.ContainerId.IsId(NewId));

    private static ContainerRestartPolicy? PolicyOf(JsonObject inspected) =>
        inspected["HostConfig"].Member(nameof(RestartPolicy)) is JsonObject policy && policy.GetText("Name") is not ("" or "no") and var name
            ? new ContainerRestartPolicy { Name = name, MaximumRetryCount = (int)(policy["MaximumRetryCount"].FindNumber() ?? 0) } : null;
}

/// <summary>An update that the server was promised and that has changed nothing yet.</summary>
/// <param name="Id">64 characters of the container's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="ContainerId">The container as the server named it.</param>
internal sealed record AcceptedUpdate(string Id, string Name, string ContainerId)
{
    /// <summary>Whether it is a usable journal: a file can be any JSON.</summary>
    [JsonIgnore]
    public bool IsValid => !string.IsNullOrEmpty(Id) && !string.IsNullOrEmpty(Name) && !string.IsNullOrEmpty(ContainerId);
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, MaxDepth = 128)]
[JsonSerializable(typeof(UpdateJournal))]
[JsonSerializable(typeof(AcceptedUpdate))]
internal sealed partial class UpdateJson : JsonSerializerContext;
