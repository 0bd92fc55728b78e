using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>What the policy's hidden containers mean for deployments: they are not told of, and nothing is taken from them.</summary>
internal sealed class HiddenServices(AgentContext context, EngineClient engine)
{
    /// <summary>Refuses services that have volumes, namespaces or links from a hidden container.</summary>
    /// <param name="model">What compose made of the project's files.</param>
    /// <param name="project">The project's name.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="EngineException">There is no such container for the server.</exception>
    /// <exception cref="Commands.CommandException">A volume is a hidden container's.</exception>
    public Task EnsureNoneIsUsedAsync(string model, string project, CancellationToken ct) => new HiddenReferences(engine, context.Hidden).RefuseAsync(
        () => ComposeSettings.Read(model, project),
        ComposeModel.Read(model).Services.SelectMany(service => service.Links),
        ct);

    /// <summary>A deployment's containers and services without the hidden ones.</summary>
    public async Task<(IReadOnlyList<ProjectContainer> Containers, IReadOnlyList<ComposeService> Services)> RemoveAsync(
        IReadOnlyList<ProjectContainer> containers, IReadOnlyList<ComposeService> services, CancellationToken ct)
    {
        var unseen = await FindAsync(containers, ct);
        if (unseen.Count == 0)
        {
            return (containers, services);
        }

        var names = containers.Where(container => unseen.Contains(container.Id)).Select(container => container.Service).ToHashSet(StringComparer.Ordinal);
        return (
            [.. containers.Where(container => !unseen.Contains(container.Id))],
            [.. services.Where(service => !names.Contains(service.Name))]);
    }

    /// <summary>An error as the server is told it.</summary>
    public async Task<string?> CleanAsync(string? error, CancellationToken ct) => error is null ? null
        : await HidingText.CleanAsync(context.Policies.Current.Redactor.Text(error), engine, context.Hidden, ct);

    private Task<IReadOnlySet<string>> FindAsync(IReadOnlyList<ProjectContainer> containers, CancellationToken ct) =>
        context.Hidden.FindAsync(containers.Select(container => (container.Id, container.Name)), ct);
}
