using System.Net;
using DockMon.Agent.Linux;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

/// <summary>The container the agent runs in.</summary>
internal sealed partial record SelfContainer(string Id, string Name, string Image, string NetworkMode)
{
    /// <summary>The container has the host's network, not one of its own.</summary>
    public bool HasHostNetwork => NetworkMode == "host";

    /// <summary>Finds the agent's own container. Null when it runs in none, or in one this engine does not know.</summary>
    /// <exception cref="EngineException">The engine has not answered, or with an error that may pass.</exception>
    public static async Task<SelfContainer?> DetectAsync(
        EngineClient engine, Machine machine, string? hostnameVariable, ILogger logger, CancellationToken ct)
    {
        // The control group, where it tells anything, is the process's own; the mounts and the host
        // name are another container's when that one's network is shared.
        var mounts = machine.Mounts;
        string[] candidates =
        [
            .. SelfContainerIds.FromControlGroups(machine.ControlGroups),
            .. SelfContainerIds.FromMounts(mounts),
            .. SelfContainerIds.FromHostname(hostnameVariable),
        ];
        var self = await ChooseAsync(engine, candidates.Distinct(StringComparer.Ordinal), SelfContainerIds.RootLayer(mounts), logger, ct);
        if (self is null)
        {
            Log.SelfNotFound(logger, candidates.Length);
            return null;
        }

        Log.SelfFound(logger, self.Name, new ContainerId(self.Id).Short, self.HostConfig.NetworkMode);
        return new SelfContainer(self.Id, self.Name, self.Config.Image, self.HostConfig.NetworkMode);
    }

    /// <summary>The first candidate that is not proven to be another container by the layer it writes to; where one is, whichever has the layer.</summary>
    private static async Task<ContainerInspection?> ChooseAsync(
        EngineClient engine,
        IEnumerable<string> candidates,
        string? layer,
        ILogger logger,
        CancellationToken ct)
    {
        var others = false;
        foreach (var candidate in candidates)
        {
            if (await ConfirmAsync(engine, candidate, logger, ct) is not { } found)
            {
                continue;
            }

            if (layer is null || LayerOf(found) is not { } its || Same(its, layer))
            {
                return found;
            }

            others = true;
        }

        if (others)
        {
            foreach (var container in await engine.ListContainersAsync(all: false, ct))
            {
                if (await ConfirmAsync(engine, container.Id, logger, ct) is { } found && LayerOf(found) is { } its && Same(its, layer!))
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static string? LayerOf(ContainerInspection container) => container.GraphDriver.Data.GetValueOrDefault("UpperDir");

    // With many layers the engine mounts them by names relative to its folder.
    private static bool Same(string its, string layer) => its == layer || its.EndsWith("/" + layer, StringComparison.Ordinal);

    /// <summary>Whether a reference means this container: its id, at least 12 characters of it, or its name.</summary>
    public bool Is(string reference)
    {
        var bare = reference.StartsWith('/') ? reference[1..] : reference;
        return bare == Name || new ContainerId(Id).Matches(bare);
    }

    private static async Task<ContainerInspection?> ConfirmAsync(EngineClient engine, string candidate, ILogger logger, CancellationToken ct)
    {
        try
        {
            var found = await engine.InspectContainerAsync(candidate, ct);

            // A short id also matches a container's name.
            return new ContainerId(found.Id).Matches(candidate) ? found : null;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            // Another engine's container: of the one inside which, or the one beside which, this engine runs.
            return null;
        }
        catch (EngineException e) when (IsRefusal(e.StatusCode))
        {
            Log.CandidateRefused(logger, new ContainerId(candidate).Short, e.Message);
            return null;
        }
    }

    // By a proxy, now and always. An engine that fails, or wants to be asked again, has said nothing.
    private static bool IsRefusal(HttpStatusCode? status) => (int?)status is >= 400 and < 500 and not (408 or 425 or 429);

    private static partial class Log
    {
        [LoggerMessage(400, LogLevel.Information, "This agent runs in container {Name} ({Id}), network {Network}")]
        public static partial void SelfFound(ILogger logger, string name, string id, string network);

        [LoggerMessage(401, LogLevel.Debug, "This agent runs in no container of this engine ({Candidates} ids looked up)")]
        public static partial void SelfNotFound(ILogger logger, int candidates);

        [LoggerMessage(402, LogLevel.Warning, "The engine does not let container {Id} be inspected, which may be the agent's own: {Reason}")]
        public static partial void CandidateRefused(ILogger logger, string id, string reason);
    }
}
