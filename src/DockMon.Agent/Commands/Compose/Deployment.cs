using DockMon.Agent.Commands.Files;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Compose;

/// <summary>One deployment, from the request to its end.</summary>
internal sealed class Deployment(
    ComposeTool tool,
    DeployComposeRequest request,
    StackFolder stack,
    string folder,
    IReadOnlyDictionary<string, string> environment,
    TimeSpan healthTimeout,
    EngineClient engine,
    Action<string, string, IReadOnlyList<ServiceProgress>?> report,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>How long a container without a health check has to run before it counts: what ends at once, ends within this.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly string _project = request.ProjectName!;
    private (string, string)? _reported;

    /// <summary>What compose ended with when it first failed; null when it did not.</summary>
    public int? ComposeExit { get; private set; }

    /// <summary>How it ended when it did not get anywhere.</summary>
    public static DeployComplete Failure(DeployComposeRequest request, string error) =>
        new() { DeploymentId = request.DeploymentId!, Action = request.Action ?? "up", Services = new Dictionary<string, DeployedService>(), Error = error };

    public Task<DeployComplete> RunAsync(CancellationToken ct) => request.Action switch
    {
        "down" => DownAsync(ct),
        "restart" => RestartAsync(ct),
        _ => UpAsync(ct),
    };

    private async Task<DeployComplete> UpAsync(CancellationToken ct)
    {
        // Before anything else: when it cannot be known what ran before, nothing is started, and so nothing is ever taken down.
        var isNew = (await ProjectContainers.ListAsync(engine, _project, ct)).Count == 0;
        var model = await AcceptAsync(ct);
        var compose = Arguments(stack.File, request.Profiles);
        if (request.PullImages == true)
        {
            Report(DeployStages.PullingImage, $"Project {_project}: pulling images");
            await MustAsync(compose.Pull, "pull images of", ct);
        }

        Report(DeployStages.Creating, $"Project {_project}: up");
        var up = await ComposeAsync(compose.Up(request.ForceRecreate == true), ct);
        if (up.ExitCode != 0)
        {
            var error = $"failed to start project {_project}: {ComposeProgress.Error(up.Errors)}";
            return isNew ? await TakeDownAsync(compose, error) : await EndAsync(model, error, ct);
        }

        var end = await SettledAsync(model, ct);
        return isNew && !end.Success && end.PartialSuccess != true ? await TakeDownAsync(compose, end.Error!) : end;
    }

    private async Task<DeployComplete> RestartAsync(CancellationToken ct)
    {
        var model = await KnownAsync(ct);
        Report(DeployStages.Starting, $"Project {_project}: restart");
        await MustAsync(Arguments(stack.File, request.Profiles).Restart, "restart", ct);
        return await SettledAsync(model, ct);
    }

    private async Task<DeployComplete> DownAsync(CancellationToken ct)
    {
        var model = await KnownAsync(ct);
        // A service whose profile is off would be left running.
        var profiles = model.Services.SelectMany(service => service.Profiles).Concat(request.Profiles ?? []).Distinct(StringComparer.Ordinal);
        await MustAsync(Arguments(stack.File, [.. profiles]).Down(request.RemoveVolumes == true), "take down", ct);
        if (request.RemoveVolumes == true && (await ProjectContainers.ListAsync(engine, _project, ct)).Count == 0)
        {
            stack.Remove();
        }

        return new DeployComplete { DeploymentId = request.DeploymentId!, Action = "down", Success = true, Services = new Dictionary<string, DeployedService>() };
    }

    /// <summary>Has compose check the request's file, and makes it the project's.</summary>
    private async Task<ComposeModel> AcceptAsync(CancellationToken ct)
    {
        Report(DeployStages.Validating, $"Project {_project}: validating the compose file");
        stack.Write(request);
        ComposeResult config;
        try
        {
            config = await MustAsync(Arguments(stack.Candidate, request.Profiles).Config, "validate the compose file of", ct);
        }
        catch
        {
            stack.Reject();
            throw;
        }

        stack.Accept();
        Report(DeployStages.Parsing, $"Project {_project}: reading its services");
        var model = ComposeModel.Read(config.Output);
        // Version 1 lists services whose profile is off, too.
        return model with { Services = [.. model.Services.Where(service => service.Profiles.Count == 0 || service.Profiles.Any(profile => request.Profiles?.Contains(profile) == true))] };
    }

    /// <summary>The project as it was deployed last; from the request when that is lost.</summary>
    private async Task<ComposeModel> KnownAsync(CancellationToken ct)
    {
        if (!File.Exists(stack.File))
        {
            return string.IsNullOrWhiteSpace(request.ComposeContent)
                ? throw new CommandException($"failed to {request.Action} project {_project}: there is no compose file of it in {stack.Path}, and the request has none")
                : await AcceptAsync(ct);
        }

        Report(DeployStages.Validating, $"Project {_project}: reading the compose file");
        return ComposeModel.Read(await File.ReadAllTextAsync(stack.File, ct));
    }

    /// <summary>Waits until it is known what became of the containers, and says so.</summary>
    private async Task<DeployComplete> SettledAsync(ComposeModel model, CancellationToken ct)
    {
        var wait = request.WaitForHealthy == true;
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) is var passed && passed < (wait ? healthTimeout : Settle))
        {
            var containers = await ProjectContainers.ListAsync(engine, _project, ct);
            var undecided = containers.Count(container => container.IsUndecided);
            if (wait && undecided > 0)
            {
                Report(DeployStages.HealthCheck, $"Project {_project}: waiting for {undecided} of {containers.Count} containers", containers);
            }

            if (passed >= Settle && undecided == 0)
            {
                break;
            }

            await Task.Delay(Interval, time, ct);
        }

        return await EndAsync(model, error: null, ct);
    }

    private async Task<DeployComplete> EndAsync(ComposeModel model, string? error, CancellationToken ct)
    {
        var containers = ProjectContainers.ByName(await ProjectContainers.ListAsync(engine, _project, ct));
        var services = model.Services.Select(service => service.Name).ToHashSet(StringComparer.Ordinal);
        var failed = ProjectContainers.Failed(containers, model.Services, request.WaitForHealthy == true);
        var success = error is null && failed.Count == 0;
        var partial = failed.Count > 0 && containers.Any(entry => services.Contains(entry.Value.Service) && !failed.Contains(entry.Key));
        return new DeployComplete
        {
            DeploymentId = request.DeploymentId!,
            Action = request.Action ?? "up",
            Success = success,
            PartialSuccess = partial ? true : null,
            Services = containers.ToDictionary(entry => entry.Key, entry => ProjectContainers.Describe(entry.Value)),
            FailedServices = failed.Count > 0 ? failed : null,
            Error = success ? null : error ?? $"failed to {(request.Action == "restart" ? "restart" : "start")} project {_project}: not running: {string.Join(", ", failed.Select(name => Reason(name, containers)))}",
        };
    }

    /// <summary>A first start that failed leaves nothing behind. Volumes stay: they may be older than this.</summary>
    private async Task<DeployComplete> TakeDownAsync(ComposeArguments compose, string error)
    {
        // Also when the agent is stopping: what was begun is cleaned up.
        var down = await ComposeAsync(compose.Down(volumes: false), CancellationToken.None);
        if (down.ExitCode != 0)
        {
            Log.TakeDownFailed(logger, _project, down.ExitCode);
            error += $". What it had started could not be taken down: {ComposeProgress.Error(down.Errors)}";
        }

        return Failure(request, error);
    }

    private ComposeArguments Arguments(string file, IReadOnlyList<string>? profiles) => new(tool, _project, file, stack.EnvFile, folder, profiles ?? []);

    private async Task<ComposeResult> MustAsync(IReadOnlyList<string> arguments, string what, CancellationToken ct)
    {
        var result = await ComposeAsync(arguments, ct);
        return result.ExitCode == 0 ? result : throw new CommandException($"failed to {what} project {_project}: {ComposeProgress.Error(result.Errors)}");
    }

    private async Task<ComposeResult> ComposeAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var result = await ComposeProcess.RunAsync(tool.Path, arguments, environment, stack.Path, Heard, time, ct);
        ComposeExit ??= result.ExitCode == 0 ? null : result.ExitCode;
        return result;
    }

    private void Heard(string line)
    {
        if (ComposeProgress.Parse(line) is var (stage, message))
        {
            Report(stage, message);
        }
    }

    private void Report(string stage, string message, IReadOnlyList<ProjectContainer>? containers = null)
    {
        if (_reported != (stage, message))
        {
            _reported = (stage, message);
            report(stage, message, containers is null ? null :
                [.. ProjectContainers.ByName(containers).Select(entry => new ServiceProgress { Name = entry.Key, Status = entry.Value.State.Health?.Status ?? entry.Value.State.Status, Image = entry.Value.Image })]);
        }
    }

    private static string Reason(string name, IReadOnlyDictionary<string, ProjectContainer> containers) =>
        !containers.TryGetValue(name, out var container) ? $"{name} (no container)"
        : container.State is { Status: "exited", ExitCode: var code } ? $"{name} (exited with {code})"
        : $"{name} ({container.State.Health?.Status ?? container.State.Status})";
}
