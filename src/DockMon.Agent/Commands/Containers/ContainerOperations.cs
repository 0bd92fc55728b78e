using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Redaction;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Containers;

/// <summary>The operations on one container.</summary>
internal sealed class ContainerOperations(EngineClient engine, OwnContainer own, PolicySource policies)
{
    private const int DefaultStopSeconds = 10;

    public void AddTo(Routes routes)
    {
        var operations = routes.Operations;
        operations[OperationActions.Start] = Write("start container", "started", (id, _, ct) => engine.StartContainerAsync(id, ct), refuseSelf: false);
        operations[OperationActions.Stop] = Write("stop container", "stopped", (id, request, ct) => engine.StopContainerAsync(id, StopSeconds(request), ct));
        operations[OperationActions.Restart] = Write(
            "restart container", "restarted", (id, request, ct) => engine.RestartContainerAsync(id, StopSeconds(request), ct));
        operations[OperationActions.Kill] = Write("kill container", "killed", (id, _, ct) => engine.KillContainerAsync(id, signal: null, ct));
        operations[OperationActions.Pause] = Write("pause container", "paused", (id, _, ct) => engine.PauseContainerAsync(id, ct));
        operations[OperationActions.Unpause] = Write("unpause container", "unpaused", (id, _, ct) => engine.UnpauseContainerAsync(id, ct), refuseSelf: false);
        operations[OperationActions.Rename] = Write("rename container", "renamed", (id, request, ct) => engine.RenameContainerAsync(id, NewName(request), ct));
        operations[OperationActions.Remove] = Operation("remove container", LaneAsync, RemoveAsync, RefuseSelf("remove"));
        operations[OperationActions.GetStatus] = Operation(
            "get status of container",
            lane: null,
            async (request, ct) => new OperationResult { Status = (await engine.InspectContainerAsync(Id(request), ct)).State.Status });
        operations[OperationActions.GetLogs] = Operation("get container logs", lane: null, LogsAsync) with { Place = ReadPool.Log };
        operations[OperationActions.Inspect] = new Route(
            "inspect container", IsRead: true, payload => BindInspect(Route.Read(payload, ProtocolJson.Default.ContainerOperation)));
    }

    private BoundRequest BindInspect(ContainerOperation request) => new(Subject.Of(request), FindLane: null, async ct =>
    {
        var container = await engine.InspectContainerRawAsync(Id(request), ct);
        return [.. "{\"container\":"u8, .. RedactedJson.Of(container, policies.Current.Redactor).Span, (byte)'}'];
    })
    {
        About = id => BindInspect(request with { JudgedId = id }),
    };

    private static Route Operation(
        string what,
        Func<ContainerOperation, CancellationToken, ValueTask<string>>? lane,
        Func<ContainerOperation, CancellationToken, Task<OperationResult>> run,
        Func<ContainerOperation, CancellationToken, Task>? refuseSelf = null) =>
        Route.For(what, ProtocolJson.Default.ContainerOperation, ProtocolJson.Default.OperationResult, lane, run, refuseSelf);

    private Route Write(string what, string status, Func<string, ContainerOperation, CancellationToken, Task> run, bool refuseSelf = true) => Operation(
        what,
        LaneAsync,
        async (request, ct) =>
        {
            var id = Id(request);
            await run(id, request, ct);
            return new OperationResult { ContainerId = Reference(request), Status = status };
        },
        refuseSelf ? RefuseSelf(what.Split(' ')[0]) : null);

    private Func<ContainerOperation, CancellationToken, Task> RefuseSelf(string verb) => (request, ct) =>
        own.RefuseAsync(Id(request), self => $"refused to {verb} the agent's own container {self.Name}: do it on the host itself", ct);

    private async Task<OperationResult> RemoveAsync(ContainerOperation request, CancellationToken ct)
    {
        var id = Id(request);
        await engine.RemoveContainerAsync(id, request.Force ?? false, volumes: false, ct);
        return new OperationResult { ContainerId = Reference(request), Removed = true };
    }

    private async Task<OperationResult> LogsAsync(ContainerOperation request, CancellationToken ct) =>
        new() { Logs = await ContainerLogs.ReadAsync(engine, Id(request), request.Tail, ContainerLogs.ParseTime(request.Since, "since"), ct) };

    /// <summary>Work on one container is done in order, however it is named.</summary>
    private async ValueTask<string> LaneAsync(ContainerOperation request, CancellationToken ct)
    {
        var id = Id(request);
        var full = ContainerId.IsReference(id) ? id : await FindIdAsync(id, ct);
        return "container:" + (full is null ? id : new ContainerId(full).Short);
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

    /// <summary>The container that a request is about: its id where that is known, else what the request names it by.</summary>
    /// <exception cref="CommandException">It names none.</exception>
    public static string Id(ContainerOperation request) => Reference(request) is var reference ? request.JudgedId ?? reference : "";

    /// <summary>What a request names its container by.</summary>
    /// <exception cref="CommandException">It names none.</exception>
    public static string Reference(ContainerOperation request) =>
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
