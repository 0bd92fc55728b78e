using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Yaml;

/// <summary>Values of YAML that others wrote. One that is missing or of another kind is absent.</summary>
internal static class YamlExtensions
{
    private const string Merge = "<<";
    private const int DeepestMerge = 32;

    /// <summary>The value of a key; null if there is none.</summary>
    public static YamlNode? Child(this YamlNode? node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    /// <summary>As <see cref="Child"/>, but a key counts as well that comes from another map by a merge (<c>&lt;&lt;</c>).</summary>
    public static YamlNode? MergedChild(this YamlNode? node, string name) => MergedChild(node, name, DeepestMerge);

    /// <summary>The text of a scalar; null for what is none.</summary>
    public static string? Text(this YamlNode? node) => (node as YamlScalarNode)?.Value;

    /// <summary>The items of a list; of what is no list the value itself.</summary>
    public static IEnumerable<YamlNode> Items(this YamlNode? node) => node is YamlSequenceNode list ? list.Children : node is null ? [] : [node];

    /// <summary>The entries of a map whose keys are texts.</summary>
    public static IEnumerable<(string Key, YamlNode Value)> Entries(this YamlNode? node) =>
        (node as YamlMappingNode)?.Children.Where(entry => entry.Key is YamlScalarNode).Select(entry => (entry.Key.Text() ?? "", entry.Value)) ?? [];

    /// <summary>A value and all in it. An alias is the value that it stands for: each is there once.</summary>
    public static IEnumerable<YamlNode> AllNodes(this YamlNode root)
    {
        var (seen, open) = (new HashSet<YamlNode>(ReferenceEqualityComparer.Instance), new Stack<YamlNode>([root]));
        while (open.TryPop(out var node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            foreach (var below in node is YamlMappingNode map ? map.Children.SelectMany(entry => new[] { entry.Key, entry.Value })
                : node is YamlSequenceNode list ? list.Children : [])
            {
                open.Push(below);
            }

            yield return node;
        }
    }

    private static YamlNode? MergedChild(YamlNode? node, string name, int depth) =>
        node.Child(name)
        ?? (depth == 0 ? null : node.Child(Merge).Items().Select(map => MergedChild(map, name, depth - 1)).FirstOrDefault(found => found is not null));
}
