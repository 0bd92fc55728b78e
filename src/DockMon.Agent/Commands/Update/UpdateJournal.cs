using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace DockMon.Agent.Commands.Update;

/// <summary>How far an update has come. Every value but the last two means: on recovery, go back.</summary>
internal enum UpdateStep
{
    /// <summary>The successor may exist under its temporary name; the container runs on.</summary>
    Creating,

    /// <summary>The container is being stopped and set aside, the successor takes its name and is watched.</summary>
    Swapping,

    /// <summary>The way back is being gone.</summary>
    GoingBack,

    /// <summary>The successor is healthy: what is left is to bring the dependents over and to clean up.</summary>
    Healthy,
}

/// <summary>All that is needed to finish an update or to undo it, by an agent that knows nothing else.</summary>
internal sealed record UpdateJournal
{
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

    /// <summary>Whether the container ran (paused or not).</summary>
    public bool WasRunning { get; init; }

    /// <summary>Whether it was paused.</summary>
    public bool WasPaused { get; init; }

    /// <summary>Seconds it has to stop.</summary>
    public int StopTimeout { get; init; }

    /// <summary>How far it has come.</summary>
    public UpdateStep Step { get; init; }

    /// <summary>Whether this is only a container that shares the network of the one updated: nobody waits for its completion.</summary>
    public bool IsDependent { get; init; }

    /// <summary>Whether the engine was told to stop the container. It goes on with that whatever becomes of the agent.</summary>
    public bool StopBegan { get; init; }

    /// <summary>Why it goes back.</summary>
    public string? Failure { get; init; }

    /// <summary>Create body of the old container, for one that runs and that Docker removes when it stops (<c>--rm</c>); null for all others.</summary>
    public JsonObject? Recreate { get; init; }

    /// <summary>The networks to connect a re-created container to.</summary>
    public IReadOnlyDictionary<string, JsonObject>? RecreateNetworks { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true, MaxDepth = 128)]
[JsonSerializable(typeof(UpdateJournal))]
internal sealed partial class UpdateJson : JsonSerializerContext;
