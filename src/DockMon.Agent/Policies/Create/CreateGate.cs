using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Hosting;
using DockMon.Agent.Json;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies.Create;

/// <summary>Stands before whatever makes containers: what the policy's create rules refuse is not made.</summary>
internal sealed class CreateGate(AgentContext context, EngineClient engine, OwnContainer own)
{
    private readonly HostFactsReader _facts = new(context, engine, own);
    private readonly MountedPathsReader _mounted = new(engine);
    private readonly SettingsResolver _resolver = new(engine);
    private readonly ILogger _logger = context.CreateLogger<CreateGate>();

    /// <summary>Judges settings.</summary>
    /// <param name="action">What is to be done, for the log.</param>
    /// <param name="settings">The settings of each container that is to be made; not asked for when nothing is restricted.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="project">The compose project that they belong to; null for none.</param>
    /// <param name="replaced">The id of the container that they are in the place of; null for none.</param>
    /// <exception cref="CommandException">The policy refuses them.</exception>
    /// <exception cref="EngineException">The engine does not tell what they lead to.</exception>
    public Task EnsureAllowedAsync(
        string action, Func<IEnumerable<EffectiveSettings>> settings, CancellationToken ct, ProjectAccess? project = null, string? replaced = null)
    {
        return EnsureAsync(action, JudgeAsync);

        async Task<Decision> JudgeAsync(CreateRules rules)
        {
            var host = await _facts.ReadAsync(ct) with { Project = project };
            var resolved = new List<EffectiveSettings>();
            foreach (var one in settings())
            {
                resolved.Add(await _resolver.ResolveAsync(one, host, ct));
            }

            return rules.Judge(resolved, rules.HostPaths is null || !resolved.Exists(one => one.Dangers.Any(danger => danger.IsPath)) ? host
                : host with { Mounted = await _mounted.ReadAsync(replaced, own.Require()?.Id, ct) });
        }
    }

    /// <summary>Judges files that are read to find out what is to be made.</summary>
    /// <param name="action">What is to be done, for the log.</param>
    /// <param name="files">The files, and what names them.</param>
    /// <param name="project">The compose project that reads them.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CommandException">The policy refuses one.</exception>
    /// <exception cref="EngineException">The engine does not tell what its host is like.</exception>
    public Task EnsureFilesAllowedAsync(string action, Func<SourceFiles> files, ProjectAccess project, CancellationToken ct) => EnsureAsync(
        action,
        async rules => rules.HostPaths is null ? rules.JudgeFiles(SourceFiles.None, HostFacts.None)
            : rules.JudgeFiles(files(), await _facts.ReadAsync(ct) with { Project = project }));

    /// <summary>
    /// Judges the successor of a container. Of its settings the server chooses none: where its image comes from the repository of the old one, whoever gave
    /// the container its settings gave them to what is published there, and only the rules of images count. An image from elsewhere is another program with
    /// these settings, as if it were created.
    /// </summary>
    /// <param name="container">Docker's inspect object of the container.</param>
    /// <param name="image">The image of the successor.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CommandException">The policy refuses it.</exception>
    /// <exception cref="EngineException">The engine does not tell what its settings lead to.</exception>
    public async Task EnsureUpdateAllowedAsync(JsonObject container, string image, CancellationToken ct)
    {
        var current = (container["Config"] as JsonObject ?? []).GetText("Image");
        if (ImageName.Read(image) is { } name && name.Repository == ImageName.Read(current)?.Repository)
        {
            await EnsureAsync(CommandNames.UpdateContainer, rules => Task.FromResult(rules.JudgeImage(image, Subject(container))));
            return;
        }

        await EnsureByPolicyAsync(CommandNames.UpdateContainer, policy => Task.FromResult(policy.Judge(OperationActions.Create, container: null) switch
        {
            { Allowed: true } allowed => allowed,
            var refused => Decision.Refuse(
                refused.Rule,
                $"{Subject(container)} would get the image {image}, which is of another repository than {current}: {refused.Reason}"),
        }));
        var plan = UpdatePlanner.Plan(container, oldImage: [], image);
        await EnsureAllowedAsync(
            CommandNames.UpdateContainer,
            () => [EngineSettings.Read(plan.CreateBody, Subject(container), plan.Networks.Select(network => network.Key))],
            ct,
            replaced: container.GetText("Id"));
    }

    /// <summary>Judges volumes that are to be removed with a project: a compose file may name those of others as its own.</summary>
    /// <param name="project">The project.</param>
    /// <param name="volumes">Their names; null if they cannot be told. Not asked for without a policy.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CommandException">One belongs to something else.</exception>
    /// <exception cref="EngineException">The engine does not tell what they belong to.</exception>
    public Task EnsureVolumesOwnedAsync(string project, Func<IReadOnlyList<string>?> volumes, CancellationToken ct)
    {
        return EnsureByPolicyAsync(CommandNames.DeployCompose, async policy => policy != HostPolicy.Unrestricted && await FindForeignAsync() is { } foreign
            ? Decision.Refuse(CommandNames.DeployCompose, $"with project {project} it would remove {foreign}. Take it down without its volumes")
            : Decision.Allow(CommandNames.DeployCompose));

        async Task<string?> FindForeignAsync()
        {
            if (volumes() is not { } names)
            {
                return "volumes of a model that cannot be read";
            }

            foreach (var name in names)
            {
                try
                {
                    if ((await engine.InspectVolumeAsync(name, ct)).Labels.GetValueOrDefault(ProjectContainers.ProjectLabel) != project)
                    {
                        return $"the volume {name}, which was not made for it";
                    }
                }
                catch (EngineException e) when (e.IsMissing)
                {
                    // Nothing is removed.
                }
            }

            return null;
        }
    }

    /// <summary>Judges an image that is to be pulled.</summary>
    /// <param name="action">What is to be done, for the log.</param>
    /// <param name="image">As it was named.</param>
    /// <exception cref="CommandException">The policy refuses it.</exception>
    public Task EnsureImageAllowedAsync(string action, string image) =>
        EnsureAsync(action, rules => Task.FromResult(rules.JudgeImage(image, action)));

    /// <summary>Refuses a container that would have something from a hidden one.</summary>
    /// <param name="settings">What it has. Not asked for while the policy hides none.</param>
    /// <param name="links">The containers that it is linked to.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">There is no such container for the server.</exception>
    /// <exception cref="CommandException">A volume is a hidden container's.</exception>
    public Task EnsureVisibleAsync(Func<IEnumerable<EffectiveSettings>> settings, IEnumerable<string> links, CancellationToken ct) =>
        new HiddenReferences(engine, context.Hidden).RefuseAsync(settings, links, ct);

    private static string Subject(JsonObject container) => "container " + container.GetText("Name").TrimStart('/');

    private Task EnsureAsync(string action, Func<CreateRules, Task<Decision>> judge) => EnsureByPolicyAsync(
        action,
        policy => policy.Create.IsEmpty ? Task.FromResult(Decision.Allow("create")) : judge(policy.Create));

    private async Task EnsureByPolicyAsync(string action, Func<HostPolicy, Task<Decision>> judge)
    {
        var policy = context.Policies.Current;
        Decision decision;
        try
        {
            decision = await judge(policy);
        }
        catch (Exception e) when (!policy.Enforce && e is EngineException or CommandException)
        {
            PolicyLog.NotJudged(_logger, action, e.Message);
            return;
        }

        if (decision.Allowed)
        {
            return;
        }

        if (!policy.Enforce)
        {
            PolicyLog.WouldRefuse(_logger, action, decision.Reason, decision.Rule);
            return;
        }

        PolicyLog.Refused(_logger, action, decision.Reason, decision.Rule);
        throw new RefusedException(decision);
    }
}
