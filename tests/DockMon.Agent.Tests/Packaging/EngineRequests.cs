using System.Text.RegularExpressions;
using DockMon.Agent.Policies;
using DockMon.Engine;
using DockMon.Testing;

namespace DockMon.Agent.Tests.Packaging;

/// <summary>A request to the engine, with <c>{container}</c> and the like for what it is about.</summary>
/// <param name="Line">Such as <c>POST /containers/{container}/start</c>.</param>
/// <param name="Group">The first group of actions that needs it: those after it may, too.</param>
internal sealed record EngineRequestLine(string Line, ActionGroup Group);

/// <summary>
/// The requests that the agent makes of the engine, as the Engine library makes them. Each of its methods is named here with the first group of actions
/// that calls it; what it sends is recorded.
/// </summary>
internal static partial class EngineRequests
{
    private const string Container = "CONTAINER";
    private const string Image = "example.org/IMAGE:1";
    private const string Network = "NETWORK";
    private const string Volume = "VOLUME";
    private const string Exec = "EXEC";

    /// <summary>By method of <see cref="EngineClient"/>.</summary>
    public static IReadOnlyDictionary<string, (ActionGroup Group, Func<EngineClient, CancellationToken, Task> Call)> Methods { get; } =
        new Dictionary<string, (ActionGroup, Func<EngineClient, CancellationToken, Task>)>(StringComparer.Ordinal)
        {
            [nameof(EngineClient.GetApiVersionAsync)] = (ActionGroup.Observe, (engine, ct) => engine.GetApiVersionAsync(ct)),
            [nameof(EngineClient.PingAsync)] = (ActionGroup.Observe, (engine, ct) => engine.PingAsync(ct)),
            [nameof(EngineClient.GetVersionAsync)] = (ActionGroup.Observe, (engine, ct) => engine.GetVersionAsync(ct)),
            [nameof(EngineClient.GetInfoAsync)] = (ActionGroup.Observe, (engine, ct) => engine.GetInfoAsync(ct)),
            [nameof(EngineClient.WatchEventsAsync)] = (ActionGroup.Observe, (engine, ct) => All(engine.WatchEventsAsync(null, null, null, ct))),
            [nameof(EngineClient.GetStatsAsync)] = (ActionGroup.Observe, (engine, ct) => engine.GetStatsAsync(Container, ct)),
            [nameof(EngineClient.ListContainersAsync)] = (ActionGroup.Observe, (engine, ct) => engine.ListContainersAsync(all: true, ct)),
            [nameof(EngineClient.ListContainersJsonAsync)] = (ActionGroup.Observe, (engine, ct) => engine.ListContainersJsonAsync(all: true, ct)),
            [nameof(EngineClient.InspectContainerAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectContainerAsync(Container, ct)),
            [nameof(EngineClient.InspectContainerRawAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectContainerRawAsync(Container, ct)),
            [nameof(EngineClient.InspectContainerJsonAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectContainerJsonAsync(Container, ct)),
            [nameof(EngineClient.ListImagesAsync)] = (ActionGroup.Observe, (engine, ct) => engine.ListImagesAsync(ct)),
            [nameof(EngineClient.InspectImageAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectImageAsync(Image, ct)),
            [nameof(EngineClient.InspectDistributionAsync)] =
                (ActionGroup.Observe, (engine, ct) => engine.InspectDistributionAsync(Image, null, null, TimeSpan.FromSeconds(1), ct)),
            [nameof(EngineClient.InspectImageJsonAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectImageJsonAsync(Image, ct)),
            [nameof(EngineClient.ListNetworksAsync)] = (ActionGroup.Observe, (engine, ct) => engine.ListNetworksAsync(ct)),
            [nameof(EngineClient.InspectNetworkAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectNetworkAsync(Network, ct)),
            [nameof(EngineClient.ListVolumesAsync)] = (ActionGroup.Observe, (engine, ct) => engine.ListVolumesAsync(ct)),
            [nameof(EngineClient.InspectVolumesAsync)] = (ActionGroup.Observe, (engine, ct) => engine.InspectVolumesAsync(ct)),
            [nameof(EngineClient.ReadLogsAsync)] = (ActionGroup.Logs, (engine, ct) => All(engine.ReadLogsAsync(Container, new LogOptions(), ct))),
            [nameof(EngineClient.StartContainerAsync)] = (ActionGroup.Operate, (engine, ct) => engine.StartContainerAsync(Container, ct)),
            [nameof(EngineClient.StopContainerAsync)] = (ActionGroup.Operate, (engine, ct) => engine.StopContainerAsync(Container, 1, ct)),
            [nameof(EngineClient.RestartContainerAsync)] = (ActionGroup.Operate, (engine, ct) => engine.RestartContainerAsync(Container, 1, ct)),
            [nameof(EngineClient.KillContainerAsync)] = (ActionGroup.Operate, (engine, ct) => engine.KillContainerAsync(Container, "SIGTERM", ct)),
            [nameof(EngineClient.PauseContainerAsync)] = (ActionGroup.Operate, (engine, ct) => engine.PauseContainerAsync(Container, ct)),
            [nameof(EngineClient.UnpauseContainerAsync)] = (ActionGroup.Operate, (engine, ct) => engine.UnpauseContainerAsync(Container, ct)),
            [nameof(EngineClient.PullImageAsync)] = (ActionGroup.Update, (engine, ct) => All(engine.PullImageAsync(Image, null, null, ct))),
            [nameof(EngineClient.InspectVolumeAsync)] = (ActionGroup.Update, (engine, ct) => engine.InspectVolumeAsync(Volume, ct)),
            [nameof(EngineClient.TagImageAsync)] = (ActionGroup.Update, (engine, ct) => engine.TagImageAsync(Image, "example.org/image", "1", ct)),
            [nameof(EngineClient.CreateContainerAsync)] = (ActionGroup.Update, (engine, ct) => engine.CreateContainerAsync([], "name", ct)),
            [nameof(EngineClient.RenameContainerAsync)] = (ActionGroup.Update, (engine, ct) => engine.RenameContainerAsync(Container, "name", ct)),
            [nameof(EngineClient.SetRestartPolicyAsync)] =
                (ActionGroup.Update, (engine, ct) => engine.SetRestartPolicyAsync(Container, new ContainerRestartPolicy(), ct)),
            [nameof(EngineClient.ConnectNetworkAsync)] = (ActionGroup.Update, (engine, ct) => engine.ConnectNetworkAsync(Network, Container, [], ct)),
            [nameof(EngineClient.RemoveContainerAsync)] =
                (ActionGroup.Update, (engine, ct) => engine.RemoveContainerAsync(Container, force: true, volumes: true, ct)),
            [nameof(EngineClient.CreateNetworkAsync)] =
                (ActionGroup.Create, (engine, ct) => engine.CreateNetworkAsync("name", "bridge", isInternal: false, subnet: null, ct)),
            [nameof(EngineClient.CreateVolumeAsync)] = (ActionGroup.Create, (engine, ct) => engine.CreateVolumeAsync("name", ct)),
            [nameof(EngineClient.DisconnectNetworkAsync)] =
                (ActionGroup.Remove, (engine, ct) => engine.DisconnectNetworkAsync(Network, Container, force: true, ct)),
            [nameof(EngineClient.RemoveNetworkAsync)] = (ActionGroup.Remove, (engine, ct) => engine.RemoveNetworkAsync(Network, ct)),
            [nameof(EngineClient.RemoveVolumeAsync)] = (ActionGroup.Remove, (engine, ct) => engine.RemoveVolumeAsync(Volume, force: true, ct)),
            [nameof(EngineClient.RemoveImageAsync)] = (ActionGroup.Remove, (engine, ct) => engine.RemoveImageAsync(Image, force: true, ct)),
            [nameof(EngineClient.PruneImagesAsync)] = (ActionGroup.Prune, (engine, ct) => engine.PruneImagesAsync(ct)),
            [nameof(EngineClient.PruneNetworksAsync)] = (ActionGroup.Prune, (engine, ct) => engine.PruneNetworksAsync(ct)),
            [nameof(EngineClient.PruneVolumesAsync)] = (ActionGroup.Prune, (engine, ct) => engine.PruneVolumesAsync(ct)),
            [nameof(EngineClient.CreateExecAsync)] =
                (ActionGroup.Shell, (engine, ct) => engine.CreateExecAsync(Container, new ExecOptions { Command = ["sh"] }, ct)),
            [nameof(EngineClient.StartExecAsync)] = (ActionGroup.Shell, (engine, ct) => engine.StartExecAsync(Exec, tty: true, ct)),
            [nameof(EngineClient.ResizeExecAsync)] = (ActionGroup.Shell, (engine, ct) => engine.ResizeExecAsync(Exec, 80, 25, ct)),
            [nameof(EngineClient.InspectExecAsync)] = (ActionGroup.Shell, (engine, ct) => engine.InspectExecAsync(Exec, ct)),
            [nameof(EngineClient.GetArchiveAsync)] = (ActionGroup.SelfUpdate, (engine, ct) => engine.GetArchiveAsync(Container, "/app", ct)),
        };

    /// <summary>What docker compose asks for beside all that: it speaks to the engine itself. Seen with version 2.26.</summary>
    public static IReadOnlyList<EngineRequestLine> OfCompose { get; } =
    [
        new("HEAD /_ping", ActionGroup.Compose),
        new("GET /volumes/{volume}", ActionGroup.Compose),
        new("POST /containers/{container}/wait", ActionGroup.Compose),
        new("PUT /containers/{container}/archive", ActionGroup.Compose),
    ];

    /// <summary>Has every method make its requests, once before and once after the version of the API that changes them.</summary>
    public static async Task<IReadOnlyList<EngineRequestLine>> RecordAsync(CancellationToken ct)
    {
        var found = new Dictionary<string, ActionGroup>(StringComparer.Ordinal);
        foreach (var version in new[] { "1.24", "1.47", "9.9" })
        {
            foreach (var (_, (group, call)) in Methods.OrderBy(method => method.Value.Group))
            {
                await using var engine = new ScriptedEngine { ApiVersion = version, Otherwise = _ => "{}" };
                engine.Set("/version", """{"ApiVersion":"9.9","MinAPIVersion":"1.24"}""");
                await IgnoreRefusalAsync(() => call(engine.Client, ct));
                foreach (var request in engine.Calls)
                {
                    found.TryAdd(Generalise(request.Line), group);
                }
            }
        }

        return [.. found.Select(request => new EngineRequestLine(request.Key, request.Value))];
    }

    private static string Generalise(string line)
    {
        var path = VersionOfApi().Replace(line.Split('?')[0], " /");
        return path.Replace(Uri.EscapeDataString(Image), "{image}", StringComparison.Ordinal).Replace(Container, "{container}", StringComparison.Ordinal)
            .Replace(Network, "{network}", StringComparison.Ordinal).Replace(Volume, "{volume}", StringComparison.Ordinal)
            .Replace(Exec, "{exec}", StringComparison.Ordinal);
    }

    private static async Task All<T>(IAsyncEnumerable<T> items)
    {
        await foreach (var _ in items)
        {
        }
    }

    // The scripted engine answers nothing that most of them could use: what they asked for is all that counts.
    private static async Task IgnoreRefusalAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (EngineException)
        {
        }
    }

    [GeneratedRegex(@" /v\d+\.\d+/")]
    private static partial Regex VersionOfApi();
}
