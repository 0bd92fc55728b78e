using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Hosting;
using DockMon.Agent.Json;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Updating;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update;

/// <summary>
/// The command <c>update_container</c>, which is answered before it is done. The image is pulled outside the lanes; containers are changed in theirs.
/// </summary>
internal sealed partial class UpdateCommand(
    AgentContext context,
    EngineClient engine,
    ContainerUpdater updater,
    UpdateQueue queue,
    UpdateReporter report,
    OwnContainer own,
    RequestGate requestGate,
    CreateGate gate)
{
    /// <summary>Seconds the successor has to become healthy if the server does not say.</summary>
    public const int DefaultHealthSeconds = 120;

    private const int DefaultStopSeconds = 30;
    private const int LongestStopSeconds = 3600;
    private const int LookTries = 5;

    private readonly ILogger _logger = context.CreateLogger<UpdateCommand>();
    private readonly ImageAgeGate _ages = new(context, engine);
    private readonly DependentFinder _finder = new(engine, context.Hidden, context.Time);

    /// <summary>The lane of a container.</summary>
    /// <param name="id">64 characters of its id.</param>
    public static string LaneOf(string id) => "container:" + new ContainerId(id).Short;

    public void AddTo(Routes routes) => routes.Commands[CommandNames.UpdateContainer] = Route.For(
        "update container",
        ProtocolJson.Default.UpdateContainerRequest,
        ProtocolJson.Default.StartedResult,
        lane: null,
        StartAsync,
        RefuseSelfAsync);

    /// <summary>Seconds a container has to stop: the server's value, which is one for all containers, or the container's own if that is longer.</summary>
    internal static int StopSeconds(UpdateContainerRequest request, JsonObject inspected)
    {
        var ownSeconds = (int)Math.Clamp(inspected["Config"].Member("StopTimeout").FindNumber() ?? 0, 0, LongestStopSeconds);
        return Math.Clamp(Math.Max(request.StopTimeout ?? DefaultStopSeconds, ownSeconds), 0, LongestStopSeconds);
    }

    private Task RefuseSelfAsync(UpdateContainerRequest request, CancellationToken ct) => string.IsNullOrWhiteSpace(request.ContainerId)
        ? Task.CompletedTask // Said by the work itself.
        : own.RefuseAsync(
            request.JudgedId ?? request.ContainerId,
            self => $"refused to update {self.Name}: it is the agent's own container, which the agent cannot replace without ending itself",
            ct);

    private async Task<StartedResult> StartAsync(UpdateContainerRequest request, CancellationToken ct)
    {
        var (id, image) = (request.ContainerId, request.NewImage);
        if (string.IsNullOrWhiteSpace(id) || string.IsNullOrWhiteSpace(image))
        {
            throw new CommandException(string.IsNullOrWhiteSpace(id) ? "container_id is missing" : "new_image is missing");
        }

        var inspected = await engine.InspectContainerJsonAsync(request.JudgedId ?? id.Trim().TrimStart('/'), ct);
        var accepted = new AcceptedUpdate(inspected.GetText("Id"), inspected.GetText("Name").TrimStart('/'), id);
        var update = new RunningUpdate(accepted, [accepted.Id, UpdateJournal.SharedBy(inspected)]);
        if (await WhyNotAsync(update, inspected, ct) is { } reason)
        {
            throw new CommandException($"refused to update {update.Name}: {reason}");
        }

        await gate.EnsureUpdateAllowedAsync(inspected, image, ct);
        await queue.BeginAsync(update, () => UpdateAsync(update, request, inspected.GetText("Image")), ct);
        return new StartedResult { Status = "update_started" };
    }

    private async Task<string?> WhyNotAsync(RunningUpdate update, JsonObject inspected, CancellationToken ct)
    {
        var sharedNamespace = own.Require() is { } self
            ? await AgentDependencyCheck.SharedAsync(update.Accepted.Id, self, (reference, token) => engine.InspectContainerJsonAsync(reference, token), ct)
            : null;
        if (await Protection.IsOnAsync(engine, inspected, ct))
        {
            return $"it is protected by its label {Protection.Label}=true";
        }

        return (sharedNamespace ?? AgentDependencyCheck.Of(inspected, own.Require(), engine.Endpoint)) is { } need
            ? $"{need}, and would cut itself off by stopping it"
            : queue.FindRefusal(update);
    }

    private async Task<UpdateState> UpdateAsync(RunningUpdate update, UpdateContainerRequest request, string currentImage)
    {
        var imageId = await _ages.PullAsync(request.NewImage!, currentImage, () => PullAsync(update, request), queue.Stopping);
        for (var tries = 0; tries < LookTries; tries++)
        {
            if (await queue.InLanesAsync(update, () => ReplaceAsync(update, request, imageId)) is { } state)
            {
                return state;
            }
        }

        throw new CommandException("the containers that share a namespace with it have changed each time they were inspected; nothing was changed, ask again");
    }

    /// <summary>All that follows the pull. If the lanes it runs in are not those of all containers it changes, it does nothing and returns null.</summary>
    private async Task<UpdateState?> ReplaceAsync(RunningUpdate update, UpdateContainerRequest request, string? imageId)
    {
        var inspected = await InspectAsync(update);
        var id = inspected.GetText("Id");
        var dependents = await _finder.FindAsync(id, queue.Stopping);
        string?[] containers = [id, UpdateJournal.SharedBy(inspected), .. dependents.Dependents.Select(dependent => dependent.Id)];
        if (!update.Found([.. containers.OfType<string>()]))
        {
            return null;
        }

        queue.EnsureAlone(update);
        // Checked again: a rollback of the other one may have failed while this one waited for the lanes.
        if ((dependents.Refusal ?? queue.FindRefusal(update)) is { } reason)
        {
            throw new CommandException(reason);
        }

        imageId = await requestGate.EnsureUpdateAllowedAsync(id, request.NewImage!, imageId, queue.Stopping);
        foreach (var dependent in dependents.Dependents)
        {
            await requestGate.EnsureAllowedAsync(CommandNames.UpdateContainer, Subject.OfContainer(dependent.Id), queue.Stopping);
        }

        if (dependents.Unseen.Count > 0)
        {
            var unseen = string.Join(", ", dependents.Unseen);
            Log.Unseen(_logger, update.Name, unseen);
            report.Progress(update.Accepted.ContainerId, UpdateStages.Configuring, $"Not looked at, for the engine does not tell of them: {unseen}");
        }

        // Again: the pull may have taken an hour, in which the container or the policy became another.
        await gate.EnsureUpdateAllowedAsync(inspected, request.NewImage!, queue.Stopping);
        var health = request.HealthTimeout is > 0 and var seconds ? seconds : DefaultHealthSeconds;
        return await updater.ReplaceAsync(
            new Replacement(update, inspected, dependents.Dependents, request.NewImage!, StopSeconds(request, inspected), health, imageId), queue.Stopping);
    }

    private async Task PullAsync(RunningUpdate update, UpdateContainerRequest request)
    {
        var image = request.NewImage!;
        Log.Starting(_logger, new ContainerId(update.Accepted.Id).Short, image);
        report.Progress(update.Accepted.ContainerId, UpdateStages.Pulling, $"Pulling image {image}");
        var layers = new LayerTracker(update.Accepted.ContainerId, context.Time);
        try
        {
            await foreach (var line in engine.PullImageAsync(image, request.RegistryAuth?.Username, request.RegistryAuth?.Password, queue.Stopping))
            {
                if (layers.Update(line) is { } progress)
                {
                    report.Layers(progress);
                }
            }
        }
        catch (EngineException e)
        {
            throw new CommandException($"failed to pull {image}: {e.Message}"); // The engine's message may not name the image.
        }
    }

    /// <summary>
    /// The container after the pull, which may have taken an hour. By then it may have been recreated, with another id, as the dependent of another one.
    /// </summary>
    private async Task<JsonObject> InspectAsync(RunningUpdate update)
    {
        try
        {
            return await engine.InspectContainerJsonAsync(update.Containers[0], queue.Stopping);
        }
        catch (EngineException e) when (e.IsMissing && update.Containers.Count > 1)
        {
            return await engine.InspectContainerJsonAsync(update.Name, queue.Stopping);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(505, LogLevel.Information, "Updating {Container} to {Image}")]
        public static partial void Starting(ILogger logger, string container, string image);

        [LoggerMessage(
            520,
            LogLevel.Warning,
            "Updating {Container}: these containers could not be inspected. Recreate those by hand that share its processes or shared memory: {Unseen}")]
        public static partial void Unseen(ILogger logger, string container, string unseen);
    }
}
