using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using DockMon.Agent.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

/// <summary>
/// <c>update_container</c>: answered at once, then done four at a time. The image is pulled beside everything else; what touches the container is done
/// in its lane, and in that of the container whose network it shares.
/// </summary>
internal sealed class UpdateCommand(
    EngineClient engine, ContainerUpdater updater, UpdateStore store, UpdateReporter report, Lanes lanes, Func<SelfContainer?> self, TimeProvider time, ILogger<UpdateCommand> logger)
    : IDisposable
{
    /// <summary>Containers with this label set to <c>true</c> are not updated.</summary>
    public const string ProtectLabel = "dockmon.agent.protect";

    /// <summary>How many seconds a successor has to become healthy when the server does not say.</summary>
    public const int DefaultHealthSeconds = 120;

    private const int Width = 4;
    private const int DefaultStopSeconds = 30;
    private const int LongestStopSeconds = 3600;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(Width);
    private readonly ConcurrentDictionary<string, UnderWay> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    public void AddTo(IDictionary<string, Route> routes) =>
        routes[CommandNames.UpdateContainer] = Route.For("update container", ProtocolJson.Default.UpdateContainerRequest, ProtocolJson.Default.StartedResult, lane: null, StartAsync);

    /// <summary>Begins to end what an earlier run of the agent began.</summary>
    public void Recover()
    {
        // Those of dependents are taken up by the update they belong to.
        foreach (var journal in store.Read().Where(journal => journal.DependentOf is null))
        {
            var update = new UnderWay(journal.OldId, journal.Name, journal.ContainerId, journal.SharedWith);
            _underWay[update.Id] = update;
            update.Work = RunAsync(update, () => InLanesAsync(update, () => updater.RecoverAsync(journal, _stopping.Token)));
        }
    }

    /// <summary>Updates under way go to the next point where nothing is in between, and the journal has the rest.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Completes when no update is under way, or after <paramref name="limit"/>; asked for after <see cref="Stop"/>. An update that is in the middle of a step then is ended by the next start.</summary>
    public async Task WhenEndedAsync(TimeSpan limit)
    {
        try
        {
            await Task.WhenAll(_underWay.Values.Select(update => update.Work)).WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            Log.Left(logger, string.Join(", ", _underWay.Values.Select(update => update.Name)));
        }
    }

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

        var inspected = await ContainerUpdater.InspectAsync(engine, id, ct);
        var update = new UnderWay(UpdatePlanner.Text(inspected, "Id"), UpdatePlanner.Text(inspected, "Name").TrimStart('/'), id, UpdateJournal.SharedBy(inspected));
        var lifeline = self() is { } own ? await Lifeline.SharedAsync(update.Id, own, (reference, token) => ContainerUpdater.InspectAsync(engine, reference, token), ct) : null;
        if (WhyNot(update, inspected, lifeline) is { } reason)
        {
            throw new CommandException($"refused to update {update.Name}: {reason}");
        }

        if (!_underWay.TryAdd(update.Id, update))
        {
            throw new CommandException($"an update of {update.Name} is already under way");
        }

        update.Work = RunAsync(update, () => UpdateAsync(update, request));
        return new StartedResult { Status = "update_started" };
    }

    private string? WhyNot(UnderWay update, JsonObject inspected, string? lifeline)
    {
        if (self()?.Is(update.Id) == true)
        {
            return "it is the agent's own container, which the agent cannot replace without ending itself";
        }

        if (inspected["Config"]?["Labels"] is JsonObject labels && UpdatePlanner.Text(labels, ProtectLabel) == "true")
        {
            return $"it is protected by its label {ProtectLabel}=true";
        }

        if ((lifeline ?? Lifeline.Of(inspected, self(), engine.Endpoint)) is { } need)
        {
            return $"{need}, and would cut itself off by stopping it";
        }

        return WhyNotYet(update);
    }

    private string? WhyNotYet(UnderWay update) =>
        _underWay.Values.FirstOrDefault(other => other.IsStuck && (other.Id == update.SharedWith || other.SharedWith == update.Id)) is { } stuck
            ? $"it shares its network with {stuck.Name}, whose old container cannot be brought back yet" : null;

    private async Task<UpdateJournal?> UpdateAsync(UnderWay update, UpdateContainerRequest request)
    {
        await PullAsync(update, request);
        return await InLanesAsync(update, () => ReplaceAsync(update, request));
    }

    private async Task<UpdateJournal?> ReplaceAsync(UnderWay update, UpdateContainerRequest request)
    {
        // Asked once more: the other one may have got stuck while this one waited for its turn.
        if (WhyNotYet(update) is { } reason)
        {
            throw new CommandException(reason);
        }

        var inspected = await InspectAsync(update);
        return await updater.ReplaceAsync(
            update.ContainerId,
            inspected,
            request.NewImage!,
            StopSeconds(request, inspected),
            request.HealthTimeout is > 0 and var seconds ? seconds : DefaultHealthSeconds,
            _stopping.Token);
    }

    /// <summary>The server's word is one for all containers; one that says itself that it needs longer has data to write.</summary>
    internal static int StopSeconds(UpdateContainerRequest request, JsonObject inspected) => Math.Clamp(
        Math.Max(request.StopTimeout ?? DefaultStopSeconds, inspected["Config"]?["StopTimeout"] is JsonValue own && own.TryGetValue<int>(out var seconds) ? seconds : 0), 0, LongestStopSeconds);

    private async Task PullAsync(UnderWay update, UpdateContainerRequest request)
    {
        var image = request.NewImage!;
        Log.Starting(logger, update.Id[..12], image);
        report.Progress(update.ContainerId, UpdateStages.Pulling, $"Pulling image {image}");
        var layers = new LayerTracker(update.ContainerId, time);
        try
        {
            await foreach (var line in engine.PullImageAsync(image, request.RegistryAuth?.Username, request.RegistryAuth?.Password, _stopping.Token))
            {
                if (layers.Take(line) is { } progress)
                {
                    report.Layers(progress);
                }
            }
        }
        catch (EngineException e)
        {
            throw new CommandException($"failed to pull {image}: {e.Message}"); // What the engine says may name no image.
        }
    }

    /// <summary>Inspected after the pull: it may have taken an hour. The container's id may be another by now, of one that came along with the one whose network it shares.</summary>
    private async Task<JsonObject> InspectAsync(UnderWay update)
    {
        try
        {
            return await ContainerUpdater.InspectAsync(engine, update.Id, _stopping.Token);
        }
        catch (EngineException e) when (e.IsMissing && update.SharedWith is not null)
        {
            return await ContainerUpdater.InspectAsync(engine, update.Name, _stopping.Token);
        }
    }

    /// <summary>One update from its first step to its end, with as many tries as its way back needs.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The failure of one update is told, and ends nothing else.")]
    private async Task RunAsync(UnderWay update, Func<Task<UpdateJournal?>> begin)
    {
        try
        {
            var left = await InPlaceAsync(begin);
            while (left is not null)
            {
                await Task.Delay(RetryInterval, time, _stopping.Token);
                var journal = left;
                left = await InPlaceAsync(() => InLanesAsync(update, () => updater.RetryAsync(journal, _stopping.Token)));
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The agent stops. What was begun is in the journal, and the next start ends it.
            if (!store.Has(update.Id))
            {
                const string Reason = "the agent was stopped before anything was changed; ask again";
                report.Failed(update.ContainerId, UpdateStages.Failed, $"Failed to update {update.Name}: {Reason}", Reason);
            }
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            Log.Failed(logger, update.Name, e.Message);
            report.Failed(update.ContainerId, UpdateStages.Failed, $"Failed to update {update.Name}: {e.Message}", e.Message);
        }
        catch (Exception e)
        {
            Log.Unforeseen(logger, e, update.Name);
            report.Failed(update.ContainerId, UpdateStages.Failed, $"Failed to update {update.Name}", "internal error: " + e.Message);
        }
        finally
        {
            _underWay.TryRemove(update.Id, out _);
        }
    }

    /// <summary>Does something in one of the places for updates. Nobody waits for one in a lane: those in the places need the lanes to get on.</summary>
    private async Task<UpdateJournal?> InPlaceAsync(Func<Task<UpdateJournal?>> work)
    {
        await _places.WaitAsync(_stopping.Token);
        try
        {
            return await work();
        }
        finally
        {
            _places.Release();
        }
    }

    private Task<UpdateJournal?> InLanesAsync(UnderWay update, Func<Task<UpdateJournal?>> work)
    {
        async Task<UpdateJournal?> WorkAsync()
        {
            var left = await work();
            update.IsStuck = left is not null; // Before the lane is another's, who looks at it.
            return left;
        }

        _stopping.Token.ThrowIfCancellationRequested();
        return lanes.RunAsync(LaneOf(update.Id), () => update.SharedWith is { } other ? lanes.RunAsync(LaneOf(other), WorkAsync) : WorkAsync());
    }

    private static string LaneOf(string id) => "container:" + id[..12];

    /// <summary>An update under way.</summary>
    /// <param name="Id">The container that is updated: 64 characters.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="ContainerId">The container as the server named it.</param>
    /// <param name="SharedWith">Id of the container whose network it shares; null for none.</param>
    private sealed record UnderWay(string Id, string Name, string ContainerId, string? SharedWith)
    {
        public Task Work { get; set; } = Task.CompletedTask;

        /// <summary>Whether its old container could not be brought back yet.</summary>
        public bool IsStuck { get; set; }
    }
}
