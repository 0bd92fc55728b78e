namespace DockMon.Agent.Policies;

/// <summary>What a policy may go by of a container.</summary>
/// <param name="Id">64 characters.</param>
/// <param name="Name">Without the slash.</param>
/// <param name="Image">The image as it was named when the container was created.</param>
/// <param name="Labels">Those that were set when it was created; not those of its image, which whoever made the image chose.</param>
internal sealed record ContainerFacts(string Id, string Name, string Image, IReadOnlyDictionary<string, string> Labels);
