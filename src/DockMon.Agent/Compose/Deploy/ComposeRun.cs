using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Redaction;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>One deployment, from the request to its end.</summary>
internal sealed partial class ComposeRun(
    AgentContext context,
    EngineClient engine,
    DeployComposeRequest request,
    ComposeProgram program,
    ProjectFiles files,
    ComposeGate gate,
    Action<string, string, IReadOnlyList<ServiceProgress>?> report)
{
    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<ComposeRun>();
    private readonly string _project = request.ProjectName!;
    private readonly HiddenServices _hidden = new(context, engine);
    private (string, string)? _reported;

    private IReadOnlyList<string> Profiles => request.Profiles ?? [];

    private ComposeArguments Compose =>
        new(program.Tool, _project, files.Accepted.File, files.Accepted.EnvFile, Path.Combine(files.HostStacks, _project), Profiles);

    private DeploymentOutcome Outcome => new(engine, request, _hidden, Report, _time);

    /// <summary>What compose ended with when it first failed; null when it did not.</summary>
    public int? ComposeExit { get; private set; }

    public Task<DeployComplete> RunAsync(CancellationToken ct) => request.Action switch
    {
        "down" => DownAsync(ct),
        "restart" => RestartAsync(ct),
        _ => UpAsync(ct),
    };

    private async Task<DeployComplete> UpAsync(CancellationToken ct)
    {
        // Before anything else: when it cannot be known what ran before, nothing is started, and so nothing is ever taken down.
        var before = await ProjectContainers.ListAsync(engine, _project, ct);
        await AcceptAsync(before, ct);
        var services = await ServicesAsync(ct);
        if (request.PullImages == true)
        {
            Report(DeployStages.PullingImage, $"Project {_project}: pulling images");
            await RunOrThrowAsync(Compose.Pull, "pull images of", ct);
            // That may have taken long: other commands have made volumes and networks, and the policy may be another one.
            await EnsureAllowedAsync(await File.ReadAllTextAsync(files.Accepted.File, ct), ct);
        }

        Report(DeployStages.Creating, $"Project {_project}: up");
        var up = await ComposeAsync(Compose.Up(request.ForceRecreate == true), ct);
        if (up.ExitCode != 0)
        {
            var error = $"failed to start project {_project}: {ComposeProgress.Error(up.Errors)}";
            return before.Count == 0 ? await TakeDownAsync(error) : await Outcome.DescribeAsync(services, error, ct);
        }

        var end = await Outcome.SettleAsync(services, before, ct);
        return before.Count == 0 && !end.Success && end.PartialSuccess != true ? await TakeDownAsync(end.Error!) : end;
    }

    private async Task<DeployComplete> RestartAsync(CancellationToken ct)
    {
        await KnownAsync(ct);
        // The policy may have become stricter since it was accepted.
        await gate.EnsureAllowedAsync(await File.ReadAllTextAsync(files.Accepted.File, ct), ct);
        var services = await ServicesAsync(ct);
        Report(DeployStages.Starting, $"Project {_project}: restart");
        await RunOrThrowAsync(Compose.Restart, "restart", ct);
        return await Outcome.SettleAsync(services, before: [], ct);
    }

    private async Task<DeployComplete> DownAsync(CancellationToken ct)
    {
        await KnownAsync(ct);
        var accepted = await File.ReadAllTextAsync(files.Accepted.File, ct);
        await gate.EnsureDownAllowedAsync(accepted, request.RemoveVolumes == true, ct);
        // A service whose profile is off would be left running.
        var profiles = ComposeModel.Read(accepted).Services
            .SelectMany(service => service.Profiles)
            .Union(Profiles, StringComparer.Ordinal);
        await RunOrThrowAsync((Compose with { Profiles = [.. profiles] }).Down(request.RemoveVolumes == true), "take down", ct);
        if (request.RemoveVolumes == true && (await ProjectContainers.ListAsync(engine, _project, ct)).Count == 0)
        {
            files.Stack.Remove();
            files.Accepted.Remove();
        }

        return new DeployComplete
        {
            DeploymentId = request.DeploymentId!,
            Action = "down",
            Success = true,
            Services = new Dictionary<string, DeployedService>()
        };
    }

    /// <summary>Has compose resolve the request's files, and makes them the project's when it could.</summary>
    private async Task AcceptAsync(IReadOnlyList<ProjectContainer> before, CancellationToken ct)
    {
        Report(DeployStages.Validating, $"Project {_project}: validating the compose file");
        RedactionMark.EnsureAbsent(request);
        var content = StackFolder.FilesOf(request);
        using var candidate = StagedProject.Write(files.Stack, files.HostStacks, files.Accepted.Root, content);
        await gate.EnsureReadableAsync(candidate, ct);
        var model = await ResolveAsync(candidate, ct);
        // Whatever a container has written, the project can be taken down.
        if (request.Action != "down")
        {
            await EnsureAllowedAsync(model, ct);
            await IncludedFiles.CheckAsync(engine, _project, candidate.Included, ComposeModel.Read(model), before, ct);
        }

        context.Audit.NoteWork(CommandNames.DeployCompose, request.DeploymentId!, AuditedDangers.Of(ComposeSettings.Read(model, _project)));
        files.Stack.Replace(content, () => files.Accepted.Write(model, content.GetValueOrDefault(StackFolder.EnvName, "")));
    }

    private async Task EnsureAllowedAsync(string model, CancellationToken ct)
    {
        await gate.EnsureAllowedAsync(model, ct);
        await _hidden.EnsureNoneIsUsedAsync(model, _project, ct);
    }

    private async Task<string> ResolveAsync(StagedProject candidate, CancellationToken ct)
    {
        var compose = new ComposeArguments(program.Tool, _project, candidate.File, candidate.EnvFile, candidate.Path, Profiles);
        // With every profile, because a later down needs them all; what is off may lack what it would need here, and then counts for nothing.
        List<string> profiles = [.. ComposeModel.Read(request.ComposeContent!).Services
            .SelectMany(service => service.Profiles)
            .Union(Profiles, StringComparer.Ordinal)];
        var config = await RunAsync((compose with { Profiles = profiles }).Config, candidate.Path, ct);
        if (config.ExitCode != 0 && profiles.Count > Profiles.Count)
        {
            config = await RunAsync(compose.Config, candidate.Path, ct);
        }

        Must(config with { Errors = [.. config.Errors.Select(candidate.InPlace)] }, "validate the compose file of");
        return config.Output.Length < ComposeProcess.OutputKept ? candidate.InPlace(config.Output)
            : throw new CommandException($"failed to validate the compose file of project {_project}: with all that it includes it is longer than "
                + $"{ComposeProcess.OutputKept} characters");
    }

    /// <summary>Has compose read what was accepted, as it will do from now on: the services that are on.</summary>
    private async Task<ComposeModel> ServicesAsync(CancellationToken ct)
    {
        Report(DeployStages.Parsing, $"Project {_project}: reading its services");
        var model = ComposeModel.Read((await RunOrThrowAsync(Compose.Config, "read the services of", ct)).Output);
        // Version 1 lists services whose profile is off, too.
        return program.Tool.Version.Major > 1
            ? model
            : model with { Services = [.. model.Services.Where(service => service.Profiles.Count == 0 || service.Profiles.Intersect(Profiles).Any())] };
    }

    /// <summary>Sees to it that there is a model: of what was deployed last, or from the request when that is lost.</summary>
    private async Task KnownAsync(CancellationToken ct)
    {
        if (files.Accepted.Exists)
        {
            return;
        }

        if (string.IsNullOrWhiteSpace(request.ComposeContent))
        {
            throw new CommandException($"failed to {request.Action} project {_project}: it was never deployed by this agent, or what was is lost, "
                + "and the request has no compose file");
        }

        await AcceptAsync(await ProjectContainers.ListAsync(engine, _project, ct), ct);
    }

    /// <summary>A first start that failed leaves nothing behind. Volumes stay: they may be older than this.</summary>
    private async Task<DeployComplete> TakeDownAsync(string error)
    {
        // Also when the agent is stopping: what was begun is cleaned up.
        var down = await ComposeAsync(Compose.Down(volumes: false), CancellationToken.None);
        if (down.ExitCode != 0)
        {
            Log.TakeDownFailed(_logger, _project, down.ExitCode);
            error += $". What it had started could not be taken down: {ComposeProgress.Error(down.Errors)}";
        }

        return DeploymentOutcome.Failure(request, error);
    }

    private async Task<ComposeResult> RunOrThrowAsync(IReadOnlyList<string> arguments, string what, CancellationToken ct) =>
        Must(await ComposeAsync(arguments, ct), what);

    private ComposeResult Must(ComposeResult result, string what)
    {
        Note(result);
        return result.ExitCode == 0 ? result : throw new CommandException($"failed to {what} project {_project}: {ComposeProgress.Error(result.Errors)}");
    }

    private async Task<ComposeResult> ComposeAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var result = await RunAsync(arguments, files.Accepted.Folder, ct);
        Note(result);
        return result;
    }

    private Task<ComposeResult> RunAsync(IReadOnlyList<string> arguments, string folder, CancellationToken ct) =>
        ComposeProcess.RunAsync(program.Tool.Path, arguments, program.Environment, folder, OnOutputLine, _time, ct);

    private void Note(ComposeResult result) => ComposeExit ??= result.ExitCode == 0 ? null : result.ExitCode;

    private void OnOutputLine(string line)
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
                [.. ProjectContainers.ByName(containers).Select(entry => new ServiceProgress
                {
                    Name = entry.Key,
                    Status = entry.Value.State.Health?.Status ?? entry.Value.State.Status,
                    Image = entry.Value.Image
                })]);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(856, LogLevel.Warning, "Project {Project} could not be taken down after its first start failed: compose ended with {ExitCode}")]
        public static partial void TakeDownFailed(ILogger logger, string project, int exitCode);
    }
}
