using System.Text.RegularExpressions;

namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>Understands what compose says while it works, version 2's words and version 1's.</summary>
internal static partial class ComposeProgress
{
    private const int ErrorLines = 10;
    private const int ErrorLength = 2000;

    /// <summary>The stage a line belongs to, and the line for people; null when it says nothing of the kind.</summary>
    public static (string Stage, string Message)? Parse(string line)
    {
        var resource = Resource().Match(line);
        if (resource.Success)
        {
            var (kind, name, verb) = (resource.Groups[1].Value, resource.Groups[2].Value, resource.Groups[3].Value);
            return (StageOf(kind, verb), $"{kind} {name}: {verb.ToLowerInvariant()}");
        }

        var pull = Pull().Match(line);
        if (pull.Success)
        {
            return (DeployStages.PullingImage, line.Trim());
        }

        var old = Old().Match(line);
        return !old.Success ? null
            : (old.Groups[2].Value switch { "network" => DeployStages.CreatingNetworks, "volume" =>
                DeployStages.CreatingVolumes, _ => old.Groups[1].Value is "Starting" or "Restarting" ? DeployStages.Starting : DeployStages.Creating },
                line.Trim());
    }

    /// <summary>What of the error output is an error: all that is not progress, the last of it when it is long, in one line.</summary>
    public static string Error(IReadOnlyList<string> lines)
    {
        var said = lines.Select(line => line.Trim())
            .Where(line => line.Length > 0 && (Parse(line) is null || line.Contains("rror", StringComparison.Ordinal)))
            .TakeLast(ErrorLines);
        var text = string.Join("; ", said);
        return text.Length == 0 ? "it said nothing" : text.Length <= ErrorLength ? text : "…" + text[^ErrorLength..];
    }

    private static string StageOf(string kind, string verb) => (kind, verb) switch
    {
        // No stage is about the end of something; the message says it.
        (_, "Stopping" or "Stopped" or "Removing" or "Removed") => DeployStages.Starting,
        ("Network", _) => DeployStages.CreatingNetworks,
        ("Volume", _) => DeployStages.CreatingVolumes,
        (_, "Waiting" or "Healthy" or "Exited") => DeployStages.HealthCheck,
        (_, "Creating" or "Created" or "Recreate" or "Recreated") => DeployStages.Creating,
        (_, _) => DeployStages.Starting,
    };

    [GeneratedRegex("""^\s*(Network|Volume|Container)\s+"?([^"\s]+)"?\s+([A-Z][a-z]+)\s*$""", RegexOptions.CultureInvariant)]
    private static partial Regex Resource();

    [GeneratedRegex(@"^\s*(?:(?:Image )?\S+ (?:Pulling|Pulled)|Pulling \S+.*)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Pull();

    [GeneratedRegex(@"^(Creating|Recreating|Starting|Restarting|Stopping|Removing) (?:(network|volume) )?\S+ ?.*$", RegexOptions.CultureInvariant)]
    private static partial Regex Old();
}
