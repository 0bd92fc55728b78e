using System.Text.RegularExpressions;
using DockMon.Agent.Yaml;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>What compose does with a path that a compose file names.</summary>
internal enum ReferenceKind
{
    /// <summary>It reads variables or labels of a service there.</summary>
    Values,

    /// <summary>It reads variables there that decide what another compose file means.</summary>
    Variables,

    /// <summary>It reads another compose file there.</summary>
    Compose,

    /// <summary>It looks whether a directory is there.</summary>
    Folder,
}

/// <summary>A path that compose follows while it resolves a compose file.</summary>
/// <param name="Path">The absolute path, with <c>*</c> in the place of each variable.</param>
/// <param name="Kind">What compose does there.</param>
/// <param name="IsAbsolute">Whether the file names it so.</param>
/// <param name="Base">Of another compose file: the directory that relative paths in it mean; null for its own.</param>
internal sealed partial record ComposeReference(string Path, ReferenceKind Kind, bool IsAbsolute = false, string? Base = null)
{
    private const string EnvName = ".env";

    /// <summary>
    /// What a compose file names. Keys of services count wherever they are, because services are put together from anchors. A path that is overlooked
    /// is not there for compose, which says so.
    /// </summary>
    /// <param name="text">The compose file.</param>
    /// <param name="folder">The directory that relative paths in it mean.</param>
    public static IEnumerable<ComposeReference> Read(string text, string folder)
    {
        if (SafeYaml.Read(text) is not YamlMappingNode root)
        {
            return [];
        }

        var includes = Child(root, "include") is { } include ? Items(include).SelectMany(item => Include(item, folder)) : [];
        return includes.Concat(Mappings(root).SelectMany(map => Service(map, folder)));
    }

    private static IEnumerable<ComposeReference> Service(YamlMappingNode map, string folder)
    {
        foreach (var path in Texts(Child(map, "env_file")).Concat(Texts(Child(map, "label_file"))))
        {
            yield return new ComposeReference(Full(path, folder), ReferenceKind.Values, path[0] == '/');
        }

        if (Text(Child(Child(map, "extends"), "file")) is { } file)
        {
            yield return new ComposeReference(Full(file, folder), ReferenceKind.Compose, file[0] == '/');
        }

        if ((Text(Child(map, "build")) ?? Text(Child(Child(map, "build"), "context"))) is { } context)
        {
            yield return new ComposeReference(Full(context, folder), ReferenceKind.Folder);
        }
    }

    private static IEnumerable<ComposeReference> Include(YamlNode item, string folder)
    {
        var paths = item is YamlMappingNode ? Texts(Child(item, "path")) : Texts(item);
        if (paths.Count == 0)
        {
            yield break;
        }

        var named = Text(Child(item, "project_directory"));
        var project = named is not null ? Full(named, folder) : System.IO.Path.GetDirectoryName(Full(paths[0], folder)) ?? "/";
        var known = project.Contains('*', StringComparison.Ordinal) ? null : project;
        foreach (var path in paths)
        {
            yield return new ComposeReference(Full(path, folder), ReferenceKind.Compose, path[0] == '/', known);
        }

        var variables = Texts(Child(item, "env_file"));
        foreach (var path in variables.Count > 0 ? variables : [System.IO.Path.Combine(project, EnvName)])
        {
            yield return new ComposeReference(Full(path, folder), ReferenceKind.Variables, variables.Count > 0 && path[0] == '/');
        }
    }

    private static string Full(string path, string folder)
    {
        for (var before = ""; before != path;)
        {
            (before, path) = (path, Variable().Replace(path, "*"));
        }

        return System.IO.Path.GetFullPath(path.Replace("\0", "", StringComparison.Ordinal), folder);
    }

    // An alias is the node that it stands for: each is looked at once.
    private static IEnumerable<YamlMappingNode> Mappings(YamlNode root)
    {
        var (seen, open) = (new HashSet<YamlNode>(ReferenceEqualityComparer.Instance), new Stack<YamlNode>([root]));
        while (open.TryPop(out var node))
        {
            if (!seen.Add(node))
            {
                continue;
            }

            foreach (var below in node is YamlMappingNode parent ? parent.Children.Values : node is YamlSequenceNode list ? list.Children : [])
            {
                open.Push(below);
            }

            if (node is YamlMappingNode map)
            {
                yield return map;
            }
        }
    }

    private static YamlNode? Child(YamlNode? node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    private static string? Text(YamlNode? node) => (node as YamlScalarNode)?.Value is { Length: > 0 } text ? text : null;

    private static IEnumerable<YamlNode> Items(YamlNode? node) => node is YamlSequenceNode list ? list.Children : node is null ? [] : [node];

    private static List<string> Texts(YamlNode? node) => [.. Items(node).Select(item => Text(item) ?? Text(Child(item, "path"))).OfType<string>()];

    [GeneratedRegex(@"\$(\{[^{}]*\}|[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
