using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Policies.Redaction;
using DockMon.Agent.Storage;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Containers;

/// <summary>
/// Creates containers. The engine does that in one piece, but for several networks before API 1.44: these are connected one by one, and until the last one is,
/// a file under <c>$DATA_PATH/creates</c> has the container's id for its name, so that an agent
/// that ends in between removes the half of it when it starts again.
/// </summary>
internal sealed partial class ContainerCreator(EngineClient engine, CreateGate gate, string dataPath, TimeProvider time, ILogger<ContainerCreator> logger)
{
    /// <summary>How long an engine that does not answer is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly Version SeveralNetworks = new(1, 44);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly string _folder = Path.Combine(dataPath, "creates");

    public async Task<string> CreateAsync(ContainerOperation request, CancellationToken ct)
    {
        RedactionMark.EnsureAbsent(request.Config);
        var wanted = CreateConfig.Read(request.Config);
        EffectiveSettings[] settings = [EngineSettings.Read(wanted.Body, Subject(wanted), wanted.MoreNetworks.Select(network => network.Name))];
        string[] links = [.. HiddenReferences.LinksOf(wanted.Body, wanted.MoreNetworks.Select(network => network.Endpoint))];
        await JudgeAsync(made: null);
        var id = await CreateAllAsync(wanted, ct);
        try
        {
            // Other commands may have made a volume of a name meanwhile that was free before. What the container has now, it keeps.
            await JudgeAsync(id);
            return id;
        }
        catch (Exception e)
        {
            await UndoAsync(id, journal: null, e);
            throw;
        }

        async Task JudgeAsync(string? made)
        {
            await gate.EnsureAllowedAsync(OperationActions.Create, () => settings, ct, replaced: made);
            await gate.EnsureVisibleAsync(() => settings, links, ct);
        }
    }

    private async Task<string> CreateAllAsync(ContainerToCreate wanted, CancellationToken ct)
    {
        foreach (var network in wanted.MoreNetworks)
        {
            // A container that does not run is connected to a network that does not exist without a word, and cannot start later.
            await engine.InspectNetworkAsync(network.Name, ct);
        }

        if (wanted.MoreNetworks.Count > 0)
        {
            if (await engine.GetApiVersionAsync(ct) < SeveralNetworks)
            {
                return await CreateInStepsAsync(wanted, ct);
            }

            wanted.JoinAll();
        }

        return await CreateAsync(wanted, ct);
    }

    /// <summary>Removes what a create left that an earlier run of the agent did not bring to its end; in the lane of creates. Never throws.</summary>
    public async Task RecoverAsync(CancellationToken ct)
    {
        foreach (var path in Directory.Exists(_folder) ? Directory.GetFiles(_folder) : [])
        {
            try
            {
                await RemoveHalfAsync(Path.GetFileName(path), ct);
                AtomicFile.Delete(path);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return; // The agent stops. The next start finds it.
            }
            catch (Exception e) when (e is EngineException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                Log.HalfLeft(logger, Path.GetFileName(path), e.Message);
            }
        }
    }

    private static string Subject(ContainerToCreate wanted) => wanted.Name is null ? "the container" : "container " + wanted.Name;

    private Task<string> CreateAsync(ContainerToCreate wanted, CancellationToken ct) =>
        engine.CreateContainerAsync(wanted.Body, wanted.Name, ct, wanted.Platform);

    private async Task<string> CreateInStepsAsync(ContainerToCreate wanted, CancellationToken ct)
    {
        var id = await CreateAsync(wanted, ct);
        var journal = Path.Combine(_folder, id);
        try
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            AtomicFile.Write(journal, [], UnixFileMode.UserRead | UnixFileMode.UserWrite);
            foreach (var network in wanted.MoreNetworks)
            {
                await engine.ConnectNetworkAsync(network.Name, id, network.Endpoint, ct);
            }

            AtomicFile.Delete(journal);
            return id;
        }
        catch (Exception e)
        {
            // Half of what was asked for is not what was asked for.
            await UndoAsync(id, journal, e);
            throw;
        }
    }

    private async Task UndoAsync(string id, string? journal, Exception why)
    {
        try
        {
            await engine.RemoveContainerAsync(id, force: true, volumes: true, CancellationToken.None);
            if (journal is not null)
            {
                AtomicFile.Delete(journal);
            }
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"failed to create container: {why.Message}; and what was created of it, {new ContainerId(id).Short}, could not be removed: {e.Message}");
        }
    }

    private async Task RemoveHalfAsync(string id, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                // One that somebody has started meanwhile is in use as it is.
                if ((await engine.InspectContainerAsync(id, ct)).State.Status == "created")
                {
                    await engine.RemoveContainerAsync(id, force: true, volumes: true, ct);
                    Log.HalfRemoved(logger, id);
                }

                return;
            }
            catch (EngineException e) when (e.IsMissing)
            {
                return;
            }
            catch (EngineException) when (time.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Interval, time, ct); // After a power cut the engine starts beside the agent.
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            222,
            LogLevel.Warning,
            "Container {Id} was removed: an agent that was killed had created it and not connected it to all of its networks")]
        public static partial void HalfRemoved(ILogger logger, string id);

        [LoggerMessage(
            223,
            LogLevel.Warning,
            "Container {Id} is not connected to all of its networks, because an agent was killed while it created it, and cannot be removed now: {Reason}")]
        public static partial void HalfLeft(ILogger logger, string id, string reason);
    }
}
