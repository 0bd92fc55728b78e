using System.Net;
using DockMon.Agent.Policies;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>
/// Whether a proxy between agent and engine lets through what the policy allows. Each kind of request is tried, on a container or a network that there is
/// not where it would change one.
/// </summary>
/// <param name="policy">What the server may do.</param>
/// <param name="engine">The engine; null before it was found.</param>
/// <param name="isDirect">Whether the agent uses the engine's own socket.</param>
internal sealed class EngineProxyCheck(HostPolicy policy, Func<EngineClient?> engine, bool isDirect)
{
    private static readonly string Nothing = new('0', ContainerId.Length);

    // Nothing can be tried of what creates, prunes or deploys.
    private static readonly (string Action, string Request, Func<EngineClient, CancellationToken, Task> TryAsync)[] Requests =
    [
        (CommandNames.ListContainers, "GET /containers/json", (engine, ct) => engine.ListContainersAsync(all: false, ct)),
        (CommandNames.ListImages, "GET /images/json", (engine, ct) => engine.ListImagesAsync(ct)),
        (CommandNames.ListNetworks, "GET /networks", (engine, ct) => engine.ListNetworksAsync(ct)),
        (CommandNames.ListVolumes, "GET /volumes", (engine, ct) => engine.ListVolumesAsync(ct)),
        (OperationActions.GetLogs, "GET /containers/…/logs", ReadLogsAsync),
        (OperationActions.Start, "POST /containers/…/start", (engine, ct) => engine.StartContainerAsync(Nothing, ct)),
        (CommandNames.UpdateContainer, "POST /containers/…/rename", (engine, ct) => engine.RenameContainerAsync(Nothing, "nothing", ct)),
        (CommandNames.DeleteNetwork, "DELETE /networks/…", (engine, ct) => engine.RemoveNetworkAsync(Nothing, ct)),
        (HostActions.Shell, "POST /containers/…/exec", (engine, ct) => engine.CreateExecAsync(Nothing, new ExecOptions { Command = ["true"] }, ct)),
        (CommandNames.SelfUpdate, "GET /containers/…/archive", async (engine, ct) => await (await engine.GetArchiveAsync(Nothing, "/", ct)).DisposeAsync()),
    ];

    public Check Check() => new("engine_proxy", ["engine"], LookAsync);

    private async Task<CheckResult> LookAsync(CancellationToken ct)
    {
        if (isDirect)
        {
            return CheckResult.Ok("none: the agent uses the engine's own socket");
        }

        var refused = new List<(string Action, string Request)>();
        foreach (var (action, request, tryAsync) in Requests.Where(request => policy.MayPermit(request.Action)))
        {
            if (await IsRefusedAsync(token => tryAsync(engine()!, token), ct))
            {
                refused.Add((action, request));
            }
        }

        var mode = PolicyWords.NameOf(policy.Mode);
        if (refused.Count == 0)
        {
            return CheckResult.Ok($"what is between agent and engine lets through what the policy allows (mode {mode})");
        }

        var found = $"a proxy between agent and engine refuses what the policy allows (mode {mode}): {string.Join(", ", refused.Select(one => one.Request))}";
        var remedy = $"give the proxy the rules of packaging/proxy/{mode}.rules (docs/socket-proxy.md), or set AGENT_MODE to what it lets through";
        return refused.Exists(one => HostActions.IsObserving(one.Action)) ? CheckResult.Failed(found, remedy) : CheckResult.Warning(found, remedy);
    }

    private static async Task<bool> IsRefusedAsync(Func<CancellationToken, Task> tryAsync, CancellationToken ct)
    {
        try
        {
            await tryAsync(ct);
            return false;
        }
        catch (EngineException e)
        {
            // Whatever else it says, that there is no such container for example, comes from the engine.
            return e.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.MethodNotAllowed;
        }
    }

    private static async Task ReadLogsAsync(EngineClient engine, CancellationToken ct)
    {
        await foreach (var _ in engine.ReadLogsAsync(Nothing, new LogOptions { Tail = 1 }, ct))
        {
        }
    }
}
