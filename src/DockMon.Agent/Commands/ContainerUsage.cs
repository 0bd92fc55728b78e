using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Commands;

/// <summary>The containers that use an image, a network or a volume. Hidden ones are counted, so that nobody takes it for unused, and not named.</summary>
internal sealed class ContainerUsage
{
    /// <param name="users">The containers.</param>
    /// <param name="hidden">The ids of those that the server is not told of.</param>
    public ContainerUsage(IEnumerable<ContainerSummary> users, IReadOnlySet<string> hidden)
    {
        var names = new List<ContainerName>();
        foreach (var user in users)
        {
            Count++;
            if (!hidden.Contains(user.Id))
            {
                names.Add(new ContainerName(new ContainerId(user.Id).Short, user.Name));
            }
        }

        Names = names;
    }

    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>Those that the server may know.</summary>
    public IReadOnlyList<ContainerName> Names { get; }

    /// <summary>An RFC 3339 time to the second; empty when it is none.</summary>
    public static string Seconds(string time) => Rfc3339.TryParse(time, out var parsed) ? Rfc3339.FormatSeconds(parsed) : "";
}
