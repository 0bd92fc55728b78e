using DockMon.Agent.Hosting;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Containers;

/// <summary>The operations on one container.</summary>
internal sealed class ContainerOperations(EngineClient engine, OwnContainer own)
{
    private const int DefaultStopSeconds = 10;

    /// <summary>Adds these operations to the agent's.</summary>
    public void AddTo(IDictionary<string, Route> routes)
    {
        routes[OperationActions.Start] = Write("start container", "started", (id, _, ct) => engine.StartContainerAsync(id, ct), harmsAgent: false);
        routes[OperationActions.Stop] = Write("stop container", "stopped", (id, request, ct) => engine.StopContainerAsync(id, StopSeconds(request), ct));
        routes[OperationActions.Restart] = Write("restart container", "restarted", (id, request, ct) => engine.RestartContainerAsync(id, StopSeconds(request), ct));
        routes[OperationActions.Kill] = Write("kill container", "killed", (id, _, ct) => engine.KillContainerAsync(id, signal: null, ct));
        routes[OperationActions.Pause] = Write("pause container", "paused", (id, _, ct) => engine.PauseContainerAsync(id, ct));
        routes[OperationActions.Unpause] = Write("unpause container", "unpaused", (id, _, ct) => engine.UnpauseContainerAsync(id, ct), harmsAgent: false);
        routes[OperationActions.Rename] = Write("rename container", "renamed", (id, request, ct) => engine.RenameContainerAsync(id, NewName(request), ct));
        routes[OperationActions.Remove] = Operation("remove container", LaneAsync, async (request, ct) =>
        {
            var id = await EnsureNotSelfAsync(request, "remove", ct);
            await engine.RemoveContainerAsync(id, request.Force ?? false, volumes: false, ct);
            return new OperationResult { ContainerId = id, Removed = true };
        });
        routes[OperationActions.GetStatus] = Operation("get status of container", lane: null, async (request, ct) =>
            new OperationResult { Status = (await engine.InspectContainerAsync(Id(request), ct)).State.Status });
        routes[OperationActions.GetLogs] = Operation("get container logs", lane: null, async (request, ct) =>
            new OperationResult { Logs = await ContainerLogs.ReadAsync(engine, Id(request), request.Tail, ContainerLogs.ParseSince(request.Since), ct) }) with { Place = ReadPool.Log };
        routes[OperationActions.Inspect] = new Route("inspect container", Lane: null, async (payload, ct) =>
        {
            var id = Id(Route.Read(payload, ProtocolJson.Default.ContainerOperation));
            var container = await engine.InspectContainerRawAsync(id, ct);
            return [.. "{\"container\":"u8, .. container, (byte)'}'];
        });
    }

    private static Route Operation(string what, Func<ContainerOperation, CancellationToken, ValueTask<string>>? lane, Func<ContainerOperation, CancellationToken, Task<OperationResult>> run) =>
        Route.For(what, ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, lane, run);

    private Route Write(string what, string status, Func<string, ContainerOperation, CancellationToken, Task> run, bool harmsAgent = true) =>
        Operation(what, LaneAsync, async (request, ct) =>
        {
            var id = harmsAgent ? await EnsureNotSelfAsync(request, what.Split(' ')[0], ct) : Id(request);
            await run(id, request, ct);
            return new OperationResult { ContainerId = id, Status = status };
        });

    /// <summary>The container, unless it is the agent's own: an agent that stops itself can never be told to start again.</summary>
    private async Task<string> EnsureNotSelfAsync(ContainerOperation request, string verb, CancellationToken ct)
    {
        var id = Id(request);
        // Docker takes any unique beginning of an id, and names change: only what it says itself is sure. Where it does not say, nothing is done.
        return own.Require() is { } self && (self.Is(id) || await AskIdAsync(id, ct) == self.Id)
            ? throw new CommandException($"refused to {verb} the agent's own container {self.Name}: do it on the host itself")
            : id;
    }

    /// <summary>Work on one container is done in order, however it is named.</summary>
    private async ValueTask<string> LaneAsync(ContainerOperation request, CancellationToken ct)
    {
        var id = Id(request);
        var full = ContainerId.IsReference(id) ? id : await FindIdAsync(id, ct);
        return "container:" + (full is null ? id : new ContainerId(full).Short);
    }

    private async Task<string?> AskIdAsync(string reference, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectContainerAsync(reference, ct)).Id;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null; // The operation itself will say so.
        }
    }

    private async Task<string?> FindIdAsync(string reference, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectContainerAsync(reference, ct)).Id;
        }
        catch (EngineException)
        {
            return null; // The operation itself will say what is wrong.
        }
    }

    private static string Id(ContainerOperation request) =>
        request.ContainerId?.Trim().TrimStart('/') switch
        {
            null or "" => throw new CommandException("container_id is missing"),
            "." or ".." => throw new CommandException($"container_id is \"{request.ContainerId}\", which names no container"),
            var id => id,
        };

    private static string NewName(ContainerOperation request) =>
        string.IsNullOrWhiteSpace(request.NewName) ? throw new CommandException("new_name is missing") : request.NewName;

    private static int StopSeconds(ContainerOperation request) => Math.Clamp(request.Timeout ?? DefaultStopSeconds, 0, 3600);
}
