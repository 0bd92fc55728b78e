using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using DockMon.Agent.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

/// <summary><c>update_container</c>: answered at once, done in the container's lane, four at a time.</summary>
internal sealed class UpdateCommand(
    EngineClient engine, ContainerUpdater updater, UpdateStore store, UpdateReporter report, Lanes lanes, Func<SelfContainer?> self, TimeProvider time, ILogger<UpdateCommand> logger)
    : IDisposable
{
    /// <summary>Containers with this label set to <c>true</c> are not updated.</summary>
    public const string ProtectLabel = "dockmon.agent.protect";

    private const int Width = 4;
    private const int DefaultStopSeconds = 30;
    private const int LongestStopSeconds = 3600;

    private static readonly TimeSpan DefaultHealthLimit = TimeSpan.FromSeconds(120);

    private readonly SemaphoreSlim _places = new(Width);
    private readonly ConcurrentDictionary<string, bool> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    public void AddTo(IDictionary<string, Route> routes) =>
        routes[CommandNames.UpdateContainer] = Route.For("update container", ProtocolJson.Default.UpdateContainerRequest, ProtocolJson.Default.StartedResult, lane: null, StartAsync);

    /// <summary>Begins to end what an earlier run of the agent began. What cannot be ended at once is tried on in its lane.</summary>
    public void Recover()
    {
        foreach (var journal in store.Read())
        {
            _underWay[journal.OldId] = true;
            Post(journal.OldId, journal.Name, () => updater.RecoverAsync(journal, DefaultHealthLimit, _stopping.Token), journal.ContainerId);
        }
    }

    /// <summary>Updates under way go to the next point where nothing is in between, and the journal has the rest.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose()
    {
        _places.Dispose();
        _stopping.Dispose();
    }

    private async Task<StartedResult> StartAsync(UpdateContainerRequest request, CancellationToken ct)
    {
        var (id, image) = (request.ContainerId, request.NewImage);
        if (string.IsNullOrWhiteSpace(id) || string.IsNullOrWhiteSpace(image))
        {
            throw new CommandException(string.IsNullOrWhiteSpace(id) ? "container_id is missing" : "new_image is missing");
        }

        var container = await engine.InspectContainerAsync(id, ct);
        if (self()?.Is(container.Id) == true)
        {
            throw new CommandException($"refused to update {container.Name}: it is the agent's own container, which the agent cannot replace without ending itself");
        }

        if (container.Config.Labels.GetValueOrDefault(ProtectLabel) == "true")
        {
            throw new CommandException($"refused to update {container.Name}: it is protected by its label {ProtectLabel}=true");
        }

        if (!_underWay.TryAdd(container.Id, true))
        {
            throw new CommandException($"an update of {container.Name} is already under way");
        }

        Post(container.Id, container.Name, () => UpdateAsync(container.Id, request), id);
        return new StartedResult { Status = "update_started" };
    }

    private async Task UpdateAsync(string id, UpdateContainerRequest request)
    {
        var image = request.NewImage!;
        Log.Starting(logger, id[..12], image);
        report.Progress(request.ContainerId!, UpdateStages.Pulling, $"Pulling image {image}");
        var layers = new LayerTracker(request.ContainerId!, time);
        await foreach (var line in engine.PullImageAsync(image, request.RegistryAuth?.Username, request.RegistryAuth?.Password, _stopping.Token))
        {
            if (layers.Take(line) is { } progress)
            {
                report.Layers(progress);
            }
        }

        // Inspected after the pull: it may have taken an hour, and the container may be another by now.
        JsonObject inspected = await ContainerUpdater.InspectAsync(engine, id, _stopping.Token);
        await updater.ReplaceAsync(
            request.ContainerId!,
            inspected,
            image,
            Math.Clamp(request.StopTimeout ?? DefaultStopSeconds, 0, LongestStopSeconds),
            request.HealthTimeout is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : DefaultHealthLimit,
            _stopping.Token);
    }

    private void Post(string id, string name, Func<Task> work, string containerId) =>
        lanes.Post("container:" + id[..12], async () =>
        {
            await _places.WaitAsync();
            try
            {
                await GuardAsync(name, work, containerId);
            }
            finally
            {
                _places.Release();
                _underWay.TryRemove(id, out _);
            }
        });

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The failure of one update is told, and ends nothing else.")]
    private async Task GuardAsync(string name, Func<Task> work, string containerId)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The agent stops. What was begun is in the journal, and the next start ends it.
        }
        catch (EngineException e)
        {
            Log.Failed(logger, name, e.Message);
            report.Failed(containerId, UpdateStages.Failed, $"Failed to update {name}: {e.Message}", e.Message);
        }
        catch (Exception e)
        {
            Log.Unforeseen(logger, e, name);
            report.Failed(containerId, UpdateStages.Failed, $"Failed to update {name}", "internal error: " + e.Message);
        }
    }
}
