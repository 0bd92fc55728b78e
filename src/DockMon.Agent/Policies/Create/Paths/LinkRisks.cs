using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Create.Settings;

namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>
/// Finds containers that could put a link in the place of what is mounted into another one. The engine follows links whenever it starts a container, and
/// nobody judges that again: so of two containers, none has something below what the other may write to.
/// </summary>
internal static class LinkRisks
{
    /// <param name="all">The settings of what is to be made together.</param>
    /// <param name="host">What is known of the host, and of the containers that are there.</param>
    /// <returns>What a refusal says of each risk.</returns>
    public static IEnumerable<string> Find(IReadOnlyList<EffectiveSettings> all, HostFacts host)
    {
        List<(string Subject, Danger Danger, string[] Names)> wanted =
        [
            .. all.SelectMany(settings => settings.Dangers.Where(danger => danger.IsPath)
                .Select(danger => (settings.Subject, danger, Names(danger.Value, host)))),
        ];
        List<(string Path, string By, string[] Names)> writers =
        [
            .. wanted.Where(IsWriter).Select(one => (one.Danger.Value, one.Subject, one.Names)),
            .. host.Mounted.Where(mount => mount.IsWritable).Select(mount => (mount.Path, mount.By, Names(mount.Path, host))),
        ];
        foreach (var (subject, danger, names) in wanted)
        {
            if (writers.Find(writer => IsBelow(names, writer.Names)) is { Path: { } above, By: var by })
            {
                yield return $"{subject} {danger.Describe()}, which lies in {above}, where {by} could put a link";
            }
        }

        foreach (var (subject, danger, names) in wanted.Where(IsWriter))
        {
            if (host.Mounted.FirstOrDefault(mount => IsBelow(Names(mount.Path, host), names)) is { } below)
            {
                yield return $"{subject} {danger.Describe()}, where it could put a link in the place of {below.Path}, which {below.By} has: "
                    + "mount it read-only, or remove that container first";
            }
        }
    }

    private static bool IsWriter((string Subject, Danger Danger, string[] Names) one) => one.Danger is { Kind: DangerKind.HostPath, IsReadOnly: false };

    // Who may write to everything has no use for a link.
    private static bool IsBelow(string[] names, string[] folders) => Array.Exists(
        folders,
        folder => folder != "/" && Array.Exists(names, name => name != folder && UnixPath.IsWithin(name, folder)));

    private static string[] Names(string path, HostFacts host) =>
        HostPaths.Canonical(path) is var name && host.Resolve(name) is { } real && real != name ? [name, real] : [name];
}
