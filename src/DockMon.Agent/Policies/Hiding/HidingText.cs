using System.Text.RegularExpressions;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>
/// Removes hidden containers from what the engine or compose says: Docker names the container that still uses a volume, an image or a name. Names are removed
/// only where they stand for a container, as in <c>name:"db"</c>: a word that disappears from an error that quotes the request would tell more than it hides.
/// </summary>
internal static partial class HidingText
{
    private const string Mark = "(hidden)";

    public static async Task<string> CleanAsync(string text, EngineClient engine, HiddenContainers hidden, CancellationToken ct)
    {
        if (!hidden.IsActive || !Id().IsMatch(text))
        {
            return text;
        }

        IReadOnlyList<ContainerSummary> all;
        try
        {
            all = await engine.ListContainersAsync(all: true, ct);
        }
        catch (Exception e) when (e is EngineException || (e is OperationCanceledException && ct.IsCancellationRequested))
        {
            return Id().Replace(text, Mark); // Any of them may be one.
        }

        var unseen = await hidden.FindAsync(all, ct);
        var found = all.Where(container => unseen.Contains(container.Id)).ToList();
        text = Id().Replace(text, id => found.Exists(container => new ContainerId(container.Id).Matches(id.Value)) ? Mark : id.Value);
        return found.Aggregate(text, (cleaned, container) => cleaned.Replace($"name:\"{container.Name}\"", $"name:\"{Mark}\"", StringComparison.Ordinal));
    }

    [GeneratedRegex("(?<![0-9A-Za-z])[0-9a-f]{12,64}(?![0-9A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
