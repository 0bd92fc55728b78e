using System.Globalization;
using System.Text.Json;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Update.Steps;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Containers;

/// <summary>What a server needs to put a new container on a host: pull, check the ports, create, see it running.</summary>
// Six parameters: between all that it asks and tells stand what the policy refuses and what it hides.
internal sealed class ProvisioningOperations(
    EngineClient engine, CreateGate gate, ContainerCreator creator, HiddenContainers hidden, Outbound outbound, TimeProvider time)
{
    /// <summary>Where containers are created, one after the other.</summary>
    public const string CreateLane = "create";

    private const int DefaultWaitSeconds = 60;
    private const int LongestWaitSeconds = 3600;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);

    private readonly HealthWatch _watch = new(engine, time);

    public void AddTo(Routes routes)
    {
        routes.Operations[OperationActions.Create] = Operation(
            "create container",
            (_, _) => ValueTask.FromResult(CreateLane),
            async (request, ct) => new OperationResult { ContainerId = await creator.CreateAsync(request, ct) });
        routes.Operations[OperationActions.PullImage] = Operation("pull image", (request, _) => ValueTask.FromResult("pull:" + request.Image), PullAsync);
        routes.Operations[OperationActions.VerifyRunning] = Operation(
            "verify that container runs",
            lane: null,
            async (request, ct) => new OperationResult { IsHealthy = await IsHealthyAsync(request, ct) })
            with { Place = ReadPool.Watch, Limit = TimeSpan.FromSeconds(LongestWaitSeconds) + Route.ReadLimit };
        routes.Operations[OperationActions.ValidatePorts] = Operation("validate ports", lane: null, ValidatePortsAsync) with { Place = ReadPool.List };
    }

    private static Route Operation(
        string what,
        Func<ContainerOperation, CancellationToken, ValueTask<string>>? lane,
        Func<ContainerOperation, CancellationToken, Task<OperationResult>> run) =>
        Route.For(what, ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, lane, run);

    private async Task<OperationResult> PullAsync(ContainerOperation request, CancellationToken ct)
    {
        var image = string.IsNullOrWhiteSpace(request.Image) ? throw new CommandException("image is missing") : request.Image;
        await gate.EnsureImageAllowedAsync(OperationActions.PullImage, image);
        var sent = time.GetTimestamp() - (long)(ProgressInterval.TotalSeconds * time.TimestampFrequency);
        await foreach (var line in engine.PullImageAsync(image, username: null, password: null, ct))
        {
            if (request.DeploymentId is { Length: > 0 } deployment && time.GetElapsedTime(sent) >= ProgressInterval)
            {
                sent = time.GetTimestamp();
                var progress = new DeployProgress
                {
                    DeploymentId = deployment,
                    Stage = "pulling_image",
                    Message = $"{image}: {(line.Id is null ? "" : line.Id + ": ")}{line.Status}"
                };
                outbound.PostEvent(FrameWriter.Event(EventNames.DeployProgress, progress, ProtocolJson.Default.DeployProgress, time.GetUtcNow()));
            }
        }

        return new OperationResult { Image = image };
    }

    private async Task<bool> IsHealthyAsync(ContainerOperation request, CancellationToken ct)
    {
        var id = ContainerOperations.Id(request);
        await engine.InspectContainerAsync(id, ct); // One that is not there is an error, not an unhealthy container.
        try
        {
            await _watch.WaitAsync(id, TimeSpan.FromSeconds(Math.Clamp(request.MaxWaitSeconds ?? DefaultWaitSeconds, 1, LongestWaitSeconds)), isNew: false, ct);
            return true;
        }
        catch (CommandException)
        {
            return false; // Why is not asked for; the container's log and state say it.
        }
    }

    private async Task<OperationResult> ValidatePortsAsync(ContainerOperation request, CancellationToken ct)
    {
        var wanted = WantedPorts(request.Ports);
        var running = await engine.ListContainersAsync(all: false, ct);
        var unseen = await hidden.FindAsync(running, ct);
        var taken = running
            .SelectMany(container => container.Ports.Where(port => port.PublicPort is not null)
                .Select(port => (User: unseen.Contains(container.Id) ? "" : $" by container {container.Name}", Port: (port.PublicPort!.Value, port.Type))))
            .GroupBy(use => use.Port)
            .ToDictionary(uses => uses.Key, uses => uses.First().User);
        List<string> problems = [.. wanted.Where(taken.ContainsKey).Select(port => $"{port.Item1}/{port.Item2} is used{taken[port]}")];
        return problems.Count == 0 ? new OperationResult() : throw new CommandException("failed to validate ports: conflict: " + string.Join(", ", problems));
    }

    /// <summary>The host ports of a map of container port to host port; null is a port that Docker chooses, which is never taken.</summary>
    private static List<(int, string)> WantedPorts(JsonElement? ports)
    {
        if (ports is not { } map || map.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (map.ValueKind != JsonValueKind.Object)
        {
            throw new CommandException("ports must be a map of container port to host port");
        }

        List<(int, string)> wanted = [];
        foreach (var port in map.EnumerateObject().Where(port => port.Value.ValueKind != JsonValueKind.Null))
        {
            var protocol = port.Name.Split('/', 2) is [_, var named] ? named : "tcp";
            wanted.Add(int.TryParse(port.Value.ToString(), CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536
                ? (number, protocol) : throw new CommandException($"the host port of {port.Name} must be from 1 to 65535, not {port.Value}"));
        }

        return wanted;
    }
}
