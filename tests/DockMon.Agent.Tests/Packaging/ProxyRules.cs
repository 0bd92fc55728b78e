using System.Text;
using DockMon.Agent.Policies;

namespace DockMon.Agent.Tests.Packaging;

/// <summary>The rules of <c>packaging/proxy</c>: a regular expression for each request that a mode needs.</summary>
internal static class ProxyRules
{
    // Names as Docker allows them; an image's slashes are escaped by the agent, and not by compose.
    private const string Name = "[A-Za-z0-9][A-Za-z0-9_.-]*";
    private const string ImageName = "[A-Za-z0-9]([A-Za-z0-9_.:@/-]|%2F|%3A|%40)*";

    public static string FileOf(PolicyMode mode) => $"packaging/proxy/{NameOf(mode)}.rules";

    /// <summary>The file of a mode.</summary>
    public static string Write(PolicyMode mode, IEnumerable<EngineRequestLine> requests)
    {
        var file = new StringBuilder();
        file.Append($"# What the agent asks the Docker engine for in mode {NameOf(mode)}: docs/socket-proxy.md. Made from the code: ProxyRulesTests.\n");
        var groups = requests.GroupBy(request => request.Line, StringComparer.Ordinal)
            .Select(same => same.MinBy(request => request.Group)!)
            .Where(request => Needs(mode, request.Group))
            .GroupBy(request => request.Group)
            .OrderBy(group => group.Key);
        foreach (var group in groups)
        {
            file.Append($"\n# {ActionSet.NameOf(group.Key)}\n");
            foreach (var rule in group.Select(request => Rule(request.Line)).Order(StringComparer.Ordinal))
            {
                file.Append($"\"~{rule}\" 1;\n");
            }
        }

        return file.ToString();
    }

    /// <summary>The expression for a request.</summary>
    public static string Rule(string line)
    {
        var at = line.IndexOf(' ', StringComparison.Ordinal);
        var path = line[(at + 1)..].Replace("{image}", ImageName, StringComparison.Ordinal);
        foreach (var kind in new[] { "container", "network", "volume", "exec" })
        {
            path = path.Replace($"{{{kind}}}", Name, StringComparison.Ordinal);
        }

        return $"^{line[..at]} (/v1\\.[0-9]+)?{path}(\\?|$)";
    }

    /// <summary>The expressions of a file.</summary>
    public static IEnumerable<string> Read(string file) =>
        File.ReadLines(file).Where(line => line.StartsWith("\"~", StringComparison.Ordinal)).Select(line => line["\"~".Length..^"\" 1;".Length]);

    private static bool Needs(PolicyMode mode, ActionGroup group) =>
        HostActions.Groups.Any(action => action.Value == group && ActionSet.Of(mode).Contains(action.Key));

    private static string NameOf(PolicyMode mode) => mode.ToString().ToLowerInvariant();
}
