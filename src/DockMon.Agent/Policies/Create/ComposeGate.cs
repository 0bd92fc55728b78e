using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Protocol;

namespace DockMon.Agent.Policies.Create;

/// <summary>Stands before what compose reads and starts for one project.</summary>
/// <param name="gate">The gate of everything that makes containers.</param>
/// <param name="project">The project's name.</param>
/// <param name="folder">The project's directory, as the host names it.</param>
internal sealed class ComposeGate(CreateGate gate, string project, string folder)
{
    private readonly string _folder = HostPaths.Clean(folder);

    /// <summary>
    /// Judges the files that compose reads to resolve the project. What is in them comes out in the settings of containers and in error texts, before there is
    /// a model that could be judged.
    /// </summary>
    /// <exception cref="Commands.CommandException">The policy refuses one.</exception>
    public Task EnsureReadableAsync(StagedProject staged, CancellationToken ct) => gate.EnsureFilesAllowedAsync(
        CommandNames.DeployCompose,
        () => new SourceFiles($"project {project}", [.. staged.References.Where(IsValues).Select(reference => reference.Path)], [.. FindUnclear(staged)]),
        new ProjectAccess(_folder),
        ct);

    /// <summary>Judges the model that is to be started.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="Commands.CommandException">The policy refuses it.</exception>
    /// <exception cref="Engine.EngineException">The engine does not tell what it leads to.</exception>
    public Task EnsureAllowedAsync(string model, CancellationToken ct) => gate.EnsureAllowedAsync(
        CommandNames.DeployCompose,
        () => ComposeSettings.Read(model, project),
        ct,
        new ProjectAccess(_folder));

    /// <summary>Judges a model that is to be taken down: what compose runs then, and what it removes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="withVolumes">Whether its volumes are removed.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="Commands.CommandException">The policy refuses it.</exception>
    /// <exception cref="Engine.EngineException">The engine does not tell what it leads to.</exception>
    public async Task EnsureDownAllowedAsync(string model, bool withVolumes, CancellationToken ct)
    {
        await gate.EnsureAllowedAsync(CommandNames.DeployCompose, () => ComposeSettings.Read(model, project, programsOnly: true), ct);
        if (withVolumes)
        {
            await gate.EnsureVolumesOwnedAsync(project, () => ComposeSettings.ReadOwnVolumes(model, project), ct);
        }
    }

    private static bool IsValues(ComposeReference reference) => reference is { Kind: ReferenceKind.Values, IsExact: true };

    /// <summary>What compose may read that nobody can tell before it does.</summary>
    private IEnumerable<string> FindUnclear(StagedProject staged)
    {
        foreach (var doubt in staged.Doubts)
        {
            yield return $"may read other files than can be told: {doubt}";
        }

        foreach (var reference in staged.References.Where(reference => reference.Kind != ReferenceKind.Folder))
        {
            if (!reference.IsExact || reference.Path.Contains('*', StringComparison.Ordinal))
            {
                yield return $"reads {reference.Path}, where the file is named by a variable or leads out of every directory";
            }
            else if (reference.Kind == ReferenceKind.Compose && !IsOwnFile(staged, reference.Path))
            {
                yield return $"includes {reference.Path}, which is no file of its directory";
            }
            else if (reference.Kind == ReferenceKind.Variables && !UnixPath.IsWithin(reference.Path, _folder))
            {
                yield return $"reads {reference.Path}, which is not in its directory";
            }
        }
    }

    // Compose takes some names for repositories, whether there is such a file or not.
    private bool IsOwnFile(StagedProject staged, string path) =>
        UnixPath.IsWithin(path, _folder)
        && !path.Contains(':', StringComparison.Ordinal)
        && !path[_folder.Length..].Contains("/github.com/", StringComparison.Ordinal)
        && staged.Has(path);
}
