using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Facts;

namespace DockMon.Agent.Policies.Create;

/// <summary>
/// What containers may have of the host that the server creates, updates or deploys. Each rule that is not there restricts nothing; as soon as there is one,
/// settings that nobody here knows are refused, too.
/// </summary>
internal sealed record CreateRules
{
    private const string Section = "create";
    private const int MostProblems = 20;

    /// <summary>No rule.</summary>
    public static CreateRules None { get; } = new();

    /// <summary>
    /// Whether a container may be privileged; null if nothing is said. Privileged includes all that the rules of paths, capabilities, devices and security
    /// options are about: where there is one of these, it is refused unless it is allowed in so many words.
    /// </summary>
    public bool? Privileged { get; init; }

    /// <summary>Whether a container may share namespaces of the host.</summary>
    public bool HostNamespaces { get; init; } = true;

    /// <summary>The paths of the host; null for any.</summary>
    public HostPathRules? HostPaths { get; init; }

    /// <summary>The capabilities that may be added to the default, and no others; null for any.</summary>
    public IReadOnlyList<string>? AllowedCapabilities { get; init; }

    /// <summary>The capabilities that a container must not have, by default or added.</summary>
    public IReadOnlyList<string> DeniedCapabilities { get; init; } = [];

    /// <summary>Patterns of the devices, and no others; null for any.</summary>
    public IReadOnlyList<string>? AllowedDevices { get; init; }

    /// <summary>Patterns of the security options, and no others; null for any.</summary>
    public IReadOnlyList<string>? AllowedSecurityOptions { get; init; }

    /// <summary>The images, and no others; null for any.</summary>
    public IReadOnlyList<ImagePattern>? AllowedImages { get; init; }

    /// <summary>The images that are refused.</summary>
    public IReadOnlyList<ImagePattern> DeniedImages { get; init; } = [];

    /// <summary>Whether there is no rule.</summary>
    public bool IsEmpty => Privileged is null or true && HostNamespaces && !RestrictsImages && !RestrictsHost;

    // What a privileged container has all of.
    private bool RestrictsHost =>
        HostPaths is not null || DeniedCapabilities.Count > 0 || (AllowedCapabilities ?? AllowedDevices ?? AllowedSecurityOptions) is not null;

    private bool RestrictsImages => AllowedImages is not null || DeniedImages.Count > 0;

    /// <summary>Judges what is to be created together. A refusal names everything that is refused.</summary>
    /// <param name="all">The settings of each container.</param>
    /// <param name="host">What is known of the host.</param>
    public Decision Judge(IReadOnlyList<EffectiveSettings> all, HostFacts host)
    {
        if (IsEmpty)
        {
            return Decision.Allow(Section);
        }

        // What could be done with a path that is refused anyway is of no interest.
        List<Problem> problems = [.. all.SelectMany(settings => FindProblems(settings, host))];
        return Decide(problems.Count > 0 || HostPaths is null ? problems
            : [.. LinkRisks.Find(all, host).Select(text => new Problem(HostPathRules.Name, text))]);
    }

    /// <summary>Judges an image by itself, such as one that is pulled.</summary>
    /// <param name="image">As it was named.</param>
    /// <param name="subject">What a refusal begins with.</param>
    public Decision JudgeImage(string image, string subject) => Decide([.. FindImageProblems(subject, image)]);

    /// <summary>Judges files of the host that are read to find out what is to be created.</summary>
    /// <param name="files">The files.</param>
    /// <param name="host">What is known of the host.</param>
    public Decision JudgeFiles(SourceFiles files, HostFacts host) => Decide(HostPaths is null ? [] :
    [
        .. files.Paths.SelectMany(path => FindPathProblems(files.Subject, new Danger(DangerKind.HostFile, path), host)),
        .. files.Unclear.Select(text => new Problem(HostPathRules.Name, $"{files.Subject} {text}")),
    ]);

    private static Decision Decide(IReadOnlyCollection<Problem> problems)
    {
        List<Problem> told = [.. problems.Distinct().Take(MostProblems)];
        var more = problems.Distinct().Count() - told.Count;
        return told.Count == 0 ? Decision.Allow(Section) : Decision.Refuse(
            string.Join(", ", told.Select(problem => problem.Rule).Distinct(StringComparer.Ordinal)),
            string.Join("; ", told.Select(problem => problem.Text)) + (more > 0 ? $"; and {more} more" : ""));
    }

    private IEnumerable<Problem> FindProblems(EffectiveSettings settings, HostFacts host) =>
    [
        .. settings.Dangers.SelectMany(danger => FindProblems(settings.Subject, danger, host)),
        .. settings.IsPrivileged ? [] : FindDeniedCapabilities(settings),
        .. settings.Images.SelectMany(image => FindImageProblems(settings.Subject, image)),
    ];

    private IEnumerable<Problem> FindDeniedCapabilities(EffectiveSettings settings) => DeniedCapabilities.Where(settings.Capabilities.Contains)
        .Select(name => new Problem($"{Section}.capabilities.deny", $"{settings.Subject} {new Danger(DangerKind.Capability, name).Describe()}"
            + (Capabilities.Default.Contains(name) ? ", which every container has that does not drop it" : "")));

    private IEnumerable<Problem> FindProblems(string subject, Danger danger, HostFacts host)
    {
        var (key, isAllowed) = danger.Kind switch
        {
            DangerKind.Privileged => ("privileged", Privileged ?? !RestrictsHost),
            DangerKind.HostNamespace => ("host_namespaces", HostNamespaces || (danger.Value == HostFacts.CgroupNamespace && host.HasCgroup1)),
            DangerKind.Capability => ("capabilities.allow", AllowedCapabilities?.Contains(danger.Value) ?? true),
            DangerKind.Device => ("devices", IsAmong(AllowedDevices, danger.Value)),
            DangerKind.SecurityOption =>
                ("security_options", IsAmong(AllowedSecurityOptions, danger.Value) || danger.Value == $"runtime={host.DefaultRuntime}"),
            DangerKind.Build => ("images", !RestrictsImages),
            DangerKind.HostPath or DangerKind.HostFile => ("", true),
            _ => (null, false),
        };
        return danger.IsPath ? FindPathProblems(subject, danger, host)
            : isAllowed ? []
            : [new Problem(key is null ? Section : $"{Section}.{key}", $"{subject} {danger.Describe()}")];
    }

    private IEnumerable<Problem> FindPathProblems(string subject, Danger danger, HostFacts host) =>
        HostPaths?.FindRefusal(danger.Value, host) is var (rule, why) ? [new Problem(rule, $"{subject} {danger.Describe()}{why}")] : [];

    private IEnumerable<Problem> FindImageProblems(string subject, string image)
    {
        if (!RestrictsImages)
        {
            return [];
        }

        if (ImageName.Read(image) is not { } name)
        {
            return [new Problem($"{Section}.images", $"{subject} has the image {image}, which is no name with a tag, but an id or may be one")];
        }

        return DeniedImages.Any(pattern => pattern.Matches(name)) ? [new Problem($"{Section}.images.deny", $"{subject} has the image {name}")]
            : AllowedImages?.Any(pattern => pattern.Matches(name)) == false ? [new Problem($"{Section}.images.allow", $"{subject} has the image {name}")]
            : [];
    }

    private static bool IsAmong(IReadOnlyList<string>? allowed, string value) => allowed?.Any(pattern => Glob.IsPathMatch(pattern, value)) ?? true;

    private readonly record struct Problem(string Rule, string Text);
}
