using System.Net;
using System.Text.RegularExpressions;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

/// <summary>The container this agent runs in.</summary>
/// <param name="Id">64 characters of its id.</param>
/// <param name="Name">Its name, without a slash.</param>
/// <param name="Image">Its image as it was named.</param>
/// <param name="NetworkMode">Docker's <c>HostConfig.NetworkMode</c>.</param>
internal sealed partial record SelfContainer(string Id, string Name, string Image, string NetworkMode)
{
    private const int ShortestId = 12;

    /// <summary>Finds it: by the files Docker mounts into every container, by the control group, by the host name; each guess is confirmed by the engine.</summary>
    /// <param name="engine">Docker.</param>
    /// <param name="procRoot">Where procfs is.</param>
    /// <param name="hostnameVariable">Value of <c>HOSTNAME</c>.</param>
    /// <param name="logger">Says what was found.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Null when the agent runs in no container of this engine.</returns>
    public static async Task<SelfContainer?> DetectAsync(EngineClient engine, string procRoot, string? hostnameVariable, ILogger<SelfContainer> logger, CancellationToken ct)
    {
        IEnumerable<string> candidates = [.. FromMountInfo(ReadIfThere(procRoot, "self/mountinfo")), .. FromCgroup(ReadIfThere(procRoot, "self/cgroup"))];
        if (hostnameVariable is not null && ShortId().IsMatch(hostnameVariable))
        {
            candidates = candidates.Append(hostnameVariable);
        }

        foreach (var candidate in candidates.Distinct(StringComparer.Ordinal))
        {
            try
            {
                var found = await engine.InspectContainerAsync(candidate, ct);
                var self = new SelfContainer(found.Id, found.Name, found.Config.Image ?? "", found.HostConfig.NetworkMode ?? "");
                HostingLog.InContainer(logger, self.Name, self.Id[..ShortestId]);
                return self;
            }
            catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                // Another engine's container, or a nested one's host: the next guess.
            }
        }

        return null;
    }

    /// <summary>Ids in the sources of the mounts on <c>/etc/hostname</c>, <c>/etc/hosts</c> and <c>/etc/resolv.conf</c>.</summary>
    public static IEnumerable<string> FromMountInfo(string text) =>
        from line in text.Split('\n')
        let fields = line.Split(' ')
        where fields.Length > 4 && fields[4] is "/etc/hostname" or "/etc/hosts" or "/etc/resolv.conf"
        from Match match in LongId().Matches(fields[3])
        select match.Value;

    /// <summary>Ids in the paths of the process's own control groups.</summary>
    public static IEnumerable<string> FromCgroup(string text) =>
        from line in text.Split('\n')
        from Match match in LongId().Matches(line)
        select match.Value;

    /// <summary>Whether a reference (id, at least 12 characters of it, or name) means this container.</summary>
    public bool Is(string reference)
    {
        var bare = reference.TrimStart('/');
        return bare == Name || (bare.Length >= ShortestId && Id.StartsWith(bare, StringComparison.OrdinalIgnoreCase));
    }

    private static string ReadIfThere(string root, string path)
    {
        var full = Path.Combine(root, path);
        return File.Exists(full) ? File.ReadAllText(full) : "";
    }

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", RegexOptions.CultureInvariant)]
    private static partial Regex LongId();

    [GeneratedRegex("^[0-9a-f]{12,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex ShortId();
}
