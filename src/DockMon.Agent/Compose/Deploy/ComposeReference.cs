using System.Text.RegularExpressions;
using DockMon.Agent.Yaml;
using YamlDotNet.Core;
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

    /// <summary>How deep variables stand in one another's defaults. Deeper ones are not understood: their path leads nowhere, as it is written.</summary>
    private const int DeepestVariable = 16;

    // Those that change nothing of what a value is, and compose's own.
    private static readonly string[] HarmlessTags = ["!reset", "!override", "str", "int", "float", "bool", "null", "map", "seq"];

    /// <summary>Whether compose reads there and nowhere else: there is no variable in the path, and it does not lead above the root.</summary>
    public bool IsExact { get; private init; } = true;

    /// <summary>
    /// What a compose file names. Keys of services count wherever they are, because services are put together from anchors. A path that is overlooked
    /// is not there for compose, which says so.
    /// </summary>
    /// <param name="text">The compose file.</param>
    /// <param name="folder">The directory that relative paths in it mean.</param>
    public static IEnumerable<ComposeReference> Read(string text, string folder)
    {
        try
        {
            return [.. SafeYaml.Load(text).SelectMany(document => Read(document.RootNode, folder))];
        }
        catch (YamlException)
        {
            return [];
        }
    }

    /// <summary>Why <see cref="Read(string, string)"/> may overlook what compose finds in a file; null when it finds everything.</summary>
    public static string? FindDoubt(string text)
    {
        try
        {
            return text.AsSpan().IndexOfAnyInRange('\0', '\x08') >= 0 ? "it has control characters"
                : SafeYaml.Load(text).SelectMany(document => document.RootNode.AllNodes()).FirstOrDefault(node => !IsHarmless(node.Tag)) is { } tagged
                    ? $"it has the tag {tagged.Tag.Value}" : null;
        }
        catch (YamlException e)
        {
            return $"it cannot be read: line {e.Start.Line}: {e.Message}";
        }
    }

    private static bool IsHarmless(TagName tag) =>
        tag.IsEmpty || tag.IsNonSpecific
        || HarmlessTags.Contains(tag.Value.Replace("tag:yaml.org,2002:", "", StringComparison.Ordinal), StringComparer.Ordinal);

    private static IEnumerable<ComposeReference> Read(YamlNode root, string folder) =>
        root.MergedChild("include").Items().SelectMany(item => Include(item, folder))
            .Concat(root.AllNodes().OfType<YamlMappingNode>().SelectMany(map => Service(map, folder)));

    private static IEnumerable<ComposeReference> Service(YamlMappingNode map, string folder)
    {
        foreach (var path in Texts(map.Child("env_file")).Concat(Texts(map.Child("label_file"))))
        {
            yield return At(path, folder, ReferenceKind.Values);
        }

        if (Text(map.Child("extends").MergedChild("file")) is { } file)
        {
            yield return At(file, folder, ReferenceKind.Compose);
        }

        if ((Text(map.Child("build")) ?? Text(map.Child("build").MergedChild("context"))) is { } context)
        {
            yield return At(context, folder, ReferenceKind.Folder) with { IsAbsolute = false };
        }
    }

    private static IEnumerable<ComposeReference> Include(YamlNode item, string folder)
    {
        var paths = item is YamlMappingNode ? Texts(item.MergedChild("path")) : Texts(item);
        if (paths.Count == 0)
        {
            yield break;
        }

        var named = Text(item.MergedChild("project_directory"));
        var project = named is not null ? Full(named, folder) : System.IO.Path.GetDirectoryName(Full(paths[0], folder)) ?? "/";
        var known = project.Contains('*', StringComparison.Ordinal) ? null : project;
        foreach (var path in paths)
        {
            var included = At(path, folder, ReferenceKind.Compose);
            yield return included with { Base = known, IsExact = included.IsExact && (named is null || At(named, folder, ReferenceKind.Folder).IsExact) };
        }

        var variables = Texts(item.MergedChild("env_file"));
        foreach (var path in variables)
        {
            yield return At(path, folder, ReferenceKind.Variables);
        }

        if (variables.Count == 0)
        {
            yield return At(System.IO.Path.Combine(project, EnvName), folder, ReferenceKind.Variables) with { IsAbsolute = false };
        }
    }

    private static ComposeReference At(string path, string folder, ReferenceKind kind)
    {
        const string Outside = "/outside-of-everything";
        var full = Full(path, folder);
        var isExact = path.AsSpan().IndexOfAny('$', '\0') < 0
            && (path[0] == '/' || System.IO.Path.GetFullPath(path, Outside + folder).StartsWith(Outside, StringComparison.Ordinal));
        return new ComposeReference(full, kind, path[0] == '/') { IsExact = isExact };
    }

    private static string Full(string path, string folder)
    {
        for (var (before, depth) = ("", 0); before != path && depth < DeepestVariable; depth++)
        {
            (before, path) = (path, Variable().Replace(path, "*"));
        }

        return System.IO.Path.GetFullPath(path.Replace("\0", "", StringComparison.Ordinal), folder);
    }

    private static string? Text(YamlNode? node) => node.Text() is { Length: > 0 } text ? text : null;

    private static List<string> Texts(YamlNode? node) => [.. node.Items().Select(item => Text(item) ?? Text(item.MergedChild("path"))).OfType<string>()];

    [GeneratedRegex(@"\$(\{[^{}]*\}|[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
