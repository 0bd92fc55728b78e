using DockMon.Agent.Yaml;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Compose.Discovery;

/// <summary>A service of a compose file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Profiles">The profiles it belongs to; without one it is always on.</param>
/// <param name="Replicas">How many containers it is to have.</param>
/// <param name="EnvFiles">The env files it names.</param>
internal sealed record ComposeService(string Name, IReadOnlyList<string> Profiles, int Replicas, IReadOnlyList<string> EnvFiles)
{
    /// <summary>What its containers have mounted and may write, in a file that compose has resolved: paths of the host, and names of volumes.</summary>
    public IReadOnlyList<string> Writes { get; init; } = [];

    /// <summary>The containers beside the project's own that they are linked to, in a file that compose has resolved.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];
}

/// <summary>The little that the agent itself reads in a compose file. All else is compose's business.</summary>
/// <param name="Name">Its <c>name:</c>, when it has one without variables.</param>
/// <param name="Services">Its services, in its order.</param>
internal sealed record ComposeModel(string? Name, IReadOnlyList<ComposeService> Services)
{
    private static readonly ComposeModel Empty = new(null, []);

    /// <summary>Reads a file; one that is no YAML, or no compose file, has no services.</summary>
    public static ComposeModel Read(string text)
    {
        if (SafeYaml.Read(text) is not YamlMappingNode root)
        {
            return Empty;
        }

        var services = Child(root, "services") is YamlMappingNode map
            ? map.Children.Select(entry => Service(Text(entry.Key) ?? "", entry.Value, Child(root, "volumes"))).Where(service => service.Name.Length > 0)
            : [];
        var name = Text(Child(root, "name"));
        return new ComposeModel(string.IsNullOrWhiteSpace(name) || name.Contains('$', StringComparison.Ordinal) ? null : name, [.. services]);
    }

    private static ComposeService Service(string name, YamlNode node, YamlNode? volumes)
    {
        var scale = Text(Child(node, "scale")) ?? Text(Child(Child(node, "deploy"), "replicas"));
        return new ComposeService(name, Texts(Child(node, "profiles")), int.TryParse(scale, out var count) ? count : 1, Texts(Child(node, "env_file")))
        {
            Writes = Writes(Child(node, "volumes"), volumes),
            Links = [.. Texts(Child(node, "external_links")).Concat(NetworkLinks(Child(node, "networks"))).Select(link => link.Split(':')[0])],
        };
    }

    private static IEnumerable<string> NetworkLinks(YamlNode? networks) =>
        networks is YamlMappingNode map ? map.Children.SelectMany(network => Texts(Child(network.Value, "links"))) : [];

    // Version 1 of compose writes SOURCE:TARGET:MODE, later ones an object.
    private static List<string> Writes(YamlNode? node, YamlNode? volumes) => node is not YamlSequenceNode list ? [] :
    [
        .. list.Children.Select(item => Text(item) is { } text
            ? text.Split(':') is [var path, _, .. var mode] && !(mode is [var modes] && modes.Split(',').Contains("ro")) ? path : null
            : Text(Child(item, "type")) is "bind" or "volume" && Text(Child(item, "read_only")) != "true" ? Text(Child(item, "source")) : null)
            .OfType<string>()
            .Select(source => FindBound(Child(Child(volumes, source), "driver_opts")) ?? Text(Child(Child(volumes, source), "name")) ?? source)
    ];

    /// <summary>The directory that a volume is by the options of its driver; null for one that is none.</summary>
    private static string? FindBound(YamlNode? options) =>
        Text(Child(options, "o"))?.Split(',').Any(flag => flag.Trim() is "bind" or "rbind") == true ? Text(Child(options, "device")) : null;

    private static YamlNode? Child(YamlNode? node, string name) =>
        node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    private static string? Text(YamlNode? node) => (node as YamlScalarNode)?.Value;

    // env_file has three forms: one name, a list of names, a list of objects with a path.
    private static List<string> Texts(YamlNode? node) =>
        node is YamlSequenceNode list
            ? [.. list.Children.Select(item => Text(item) ?? Text(Child(item, "path"))).OfType<string>()]
            : Text(node) is { } text ? [text] : [];
}
