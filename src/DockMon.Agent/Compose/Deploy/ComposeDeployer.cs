using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Configuration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Create;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>
/// <c>deploy_compose</c>: answers at once, does the work in the project's own lane, whether the link lives or not, and reports its end exactly
/// once.
/// </summary>
internal sealed partial class ComposeDeployer(
    AgentContext context,
    EngineClient engine,
    OwnContainer own,
    CreateGate creates,
    Lanes lanes,
    Outbound outbound,
    Func<string, string?>? variables = null)
{
    private readonly AgentOptions _options = context.Options;
    private readonly TimeProvider _time = context.Time;
    private readonly ILogger _logger = context.CreateLogger<ComposeDeployer>();
    private readonly DeploymentStore _store = new(context.Options.DataPath, context.CreateLogger<ComposeDeployer>());
    private readonly Func<string, string?> _variables = variables ?? Environment.GetEnvironmentVariable;
    private readonly HiddenServices _hidden = new(context, engine);
    private ComposeTool? _tool;
    private HashSet<string> _left = [];

    /// <summary>Whether compose was found.</summary>
    public bool Available => _tool is not null;

    /// <summary>Looks for compose once, when the agent starts.</summary>
    public async Task DetectAsync(CancellationToken ct)
    {
        DeploymentLeftovers.Clear(_options, _logger);
        try
        {
            _tool = await ComposeTool.FindAsync(ComposeEnvironment.Build(_options, null, _variables), _time, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return;
        }

        if (_tool is null)
        {
            Log.NotFound(_logger);
        }
        else
        {
            Log.Found(_logger, _tool.Version, _tool.Path);
        }
    }

    /// <summary>Tells how deployments stand that an earlier run of the agent left: each in its project's lane, before whatever is asked for next.</summary>
    public void Recover(CancellationToken ct)
    {
        var journals = _store.Read();
        _left = [.. journals.Select(journal => journal.DeploymentId)];
        foreach (var project in journals.GroupBy(journal => journal.Project, StringComparer.Ordinal))
        {
            lanes.Post("compose:" + project.Key, () => ReportAsync([.. project], ct));
        }
    }

    /// <summary>Whether a deployment is one of those that <see cref="Recover"/> has found.</summary>
    public bool WasLeft(string? deploymentId) => deploymentId is not null && _left.Contains(deploymentId);

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "However a deployment ended, the server must be told that it did.")]
    private async Task ReportAsync(IReadOnlyList<DeploymentJournal> journals, CancellationToken ct)
    {
        foreach (var journal in journals)
        {
            try
            {
                Log.Interrupted(_logger, journal.DeploymentId, journal.Project);
                if (_tool is not null)
                {
                    await OrphanedCompose.EndAsync(_tool.Path, new AcceptedModel(_options.DataPath, journal.Project).File, _time, ct);
                }

                var end = await new InterruptedDeployments(engine, _time).DescribeAsync(journal, ct);
                // What an earlier run wrote down may have compose's words in it.
                End(journal, end, journal.End is null ? end.Error : "it failed; the server has the reason");
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return; // The agent stops. The journals are there for its next start.
            }
            catch (Exception e)
            {
                Log.Unforeseen(_logger, e, journal.DeploymentId);
            }
        }
    }

    /// <summary>Has the server told how a deployment ended, by this run of the agent or the next.</summary>
    /// <param name="journal">The deployment.</param>
    /// <param name="end">How it ended, for whoever asked.</param>
    /// <param name="reason">Why it failed, for the audit: what compose says may quote the file's variables, and is not in it.</param>
    private void End(DeploymentJournal journal, DeployComplete end, string? reason)
    {
        context.Audit.EndWork(CommandNames.DeployCompose, journal.DeploymentId, end.Success ? null : reason ?? "it failed");
        try
        {
            journal = _store.Save(journal with { End = end });
        }
        catch (CommandException e)
        {
            Log.EndNotKept(_logger, journal.DeploymentId, e.Message);
        }

        Report(
            journal.DeploymentId,
            end.Success ? DeployStages.Completed : DeployStages.Failed,
            end.Error ?? $"Project {journal.Project}: {journal.Action} is done",
            services: null);
        outbound.PostCompletion(FrameWriter.Event(EventNames.DeployComplete, end, ProtocolJson.Default.DeployComplete, _time.GetUtcNow()));
        _store.Remove(journal);
    }

    // What two requests for one project ask for is done in the order they came: both are looked at in a lane, and then done in another.
    public void AddTo(Routes routes) => routes.Commands[CommandNames.DeployCompose] = Route.For(
        "deploy",
        ProtocolJson.Default.DeployComposeRequest,
        ProtocolJson.Default.StartedResult,
        (request, _) => ValueTask.FromResult("deploy:" + request.ProjectName),
        StartAsync);

    private async Task<StartedResult> StartAsync(DeployComposeRequest request, CancellationToken ct)
    {
        DeployRequests.Check(request);
        await CheckOwnAsync(request.ProjectName!, ct);
        var tool = _tool ?? throw new CommandException("failed to deploy: there is no docker compose on this machine");
        var journal = _store.Add(request);
        lanes.Post("compose:" + request.ProjectName, () => RunAsync(tool, request, journal, ct));
        return new StartedResult { Status = "deployment_started" };
    }

    /// <summary>Compose is a child of the agent: the one that stops the agent's container ends with it, half-way, and nobody would start it again.</summary>
    private async Task CheckOwnAsync(string project, CancellationToken ct)
    {
        // Not asked by the route: the containers that the project has now decide it.
        if (own.Require() is { } self && (await ProjectContainers.ListAsync(engine, project, ct)).Any(container => container.Id == self.Id))
        {
            throw new CommandException($"refused to deploy project {project}: the agent's own container {self.Name} is part of it. Do it on the host itself");
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "However a deployment ends, the server must be told that it did.")]
    private async Task RunAsync(ComposeTool tool, DeployComposeRequest request, DeploymentJournal journal, CancellationToken ct)
    {
        var (id, action, project) = (journal.DeploymentId, journal.Action, journal.Project);
        Log.Began(_logger, id, action, project);
        DeployComplete end;
        ComposeRun? deployment = null;
        try
        {
            journal = _store.Save(journal with { Begun = true });
            using var registries = RegistryConfig.Write(_options.DataPath, request.RegistryCredentials, _logger);
            var hostStacks = await HostPath.FindAsync(_options.StacksPath, _options.HostStacksPath, engine, own.Require(), _logger, ct);
            var files = new ProjectFiles(new StackFolder(_options.StacksPath, project), new AcceptedModel(_options.DataPath, project), hostStacks);
            var program = new ComposeProgram(tool, ComposeEnvironment.Build(_options, registries?.Folder, _variables));
            var gate = new ComposeGate(creates, project, Path.Combine(hostStacks, project));
            deployment = new ComposeRun(context, engine, request, program, files, gate, (stage, message, services) => Report(id, stage, message, services));
            end = await deployment.RunAsync(ct);
        }
        catch (CommandException e)
        {
            if (e is RefusedException { Decision: var refusal })
            {
                context.Audit.RefuseWork(CommandNames.DeployCompose, id, refusal);
            }

            end = DeploymentOutcome.Failure(request, e.Message);
        }
        catch (Exception e) when (e is EngineException or IOException or UnauthorizedAccessException)
        {
            end = DeploymentOutcome.Failure(request, $"failed to {action} project {project}: {e.Message}");
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            end = DeploymentOutcome.Failure(request, $"failed to {action} project {project}: the agent stopped before it was done");
        }
        catch (Exception e)
        {
            Log.Unforeseen(_logger, e, id);
            end = DeploymentOutcome.Failure(request, $"failed to {action} project {project}: internal error: {e.Message}");
        }

        // What compose says may quote the file's variables: it is for whoever asked, and not for the log.
        var reason = deployment?.ComposeExit is { } code ? $"compose ended with {code}; the server has what it said" : end.Error ?? "";
        if (end.Success)
        {
            Log.Done(_logger, id, action, project);
        }
        else
        {
            Log.DeploymentFailed(_logger, id, action, project, reason);
        }

        End(journal, end with { Error = await _hidden.CleanAsync(end.Error, ct) }, reason);
    }

    private void Report(string id, string stage, string message, IReadOnlyList<ServiceProgress>? services) =>
        outbound.PostEvent(FrameWriter.Event(
            EventNames.DeployProgress,
            new DeployProgress { DeploymentId = id, Stage = stage, Message = context.Policies.Current.Redactor.Text(message), Services = services },
            ProtocolJson.Default.DeployProgress,
            _time.GetUtcNow()));

    private static partial class Log
    {
        [LoggerMessage(850, LogLevel.Information, "Compose {Version} is {Path}")]
        public static partial void Found(ILogger logger, Version version, string path);

        [LoggerMessage(851, LogLevel.Information, "There is no docker compose on this machine: deployments are not offered")]
        public static partial void NotFound(ILogger logger);

        [LoggerMessage(852, LogLevel.Information, "Deployment {Deployment}: {Action} of project {Project} began")]
        public static partial void Began(ILogger logger, string deployment, string action, string project);

        [LoggerMessage(853, LogLevel.Information, "Deployment {Deployment}: {Action} of project {Project} is done")]
        public static partial void Done(ILogger logger, string deployment, string action, string project);

        [LoggerMessage(854, LogLevel.Warning, "Deployment {Deployment}: {Action} of project {Project} failed: {Reason}")]
        public static partial void DeploymentFailed(ILogger logger, string deployment, string action, string project, string reason);

        [LoggerMessage(855, LogLevel.Error, "Deployment {Deployment} failed with an unexpected error")]
        public static partial void Unforeseen(ILogger logger, Exception exception, string deployment);

        [LoggerMessage(863, LogLevel.Warning, "Deployment {Deployment} of project {Project} was interrupted by the end of the agent: the server is told so")]
        public static partial void Interrupted(ILogger logger, string deployment, string project);

        [LoggerMessage(864, LogLevel.Warning, "How deployment {Deployment} ended cannot be kept in its journal: {Reason}")]
        public static partial void EndNotKept(ILogger logger, string deployment, string reason);
    }
}
