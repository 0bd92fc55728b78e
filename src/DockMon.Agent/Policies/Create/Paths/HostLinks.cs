namespace DockMon.Agent.Policies.Create.Paths;

/// <summary>Follows symbolic links of the host, as far as the agent sees its files.</summary>
/// <param name="toLocal">What the agent calls a path of the host; null for what it does not see.</param>
internal sealed class HostLinks(Func<string, string?> toLocal)
{
    private const int MostLinks = 40;

    /// <summary>What a path leads to; null when something on the way cannot be looked at, or the links have no end.</summary>
    /// <param name="path">A clean path of the host.</param>
    public string? Resolve(string path)
    {
        var (done, links) = ("", 0);
        var open = new Stack<string>(Names(path));
        while (open.TryPop(out var name))
        {
            if (name == "..")
            {
                done = done.Length == 0 ? "" : done[..done.LastIndexOf('/')];
                continue;
            }

            var next = $"{done}/{name}";
            if (toLocal(next) is not { } local)
            {
                done = next;
                continue;
            }

            if (!TryRead(local, out var target) || links > MostLinks)
            {
                return null;
            }

            if (target is null)
            {
                done = next;
                continue;
            }

            links++;
            done = target.StartsWith('/') ? "" : done;
            foreach (var part in Names(target))
            {
                open.Push(part);
            }
        }

        return done.Length == 0 ? "/" : done;
    }

    /// <summary>Reads a link.</summary>
    /// <param name="path">The path as the agent calls it.</param>
    /// <param name="target">What it leads to; null when it is no link, or not there.</param>
    /// <returns>Whether that can be told.</returns>
    private static bool TryRead(string path, out string? target)
    {
        target = null;
        try
        {
            target = (File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0 ? new FileInfo(path).LinkTarget : null;
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return true; // The engine makes a directory there.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // The last one first, as a stack takes them.
    private static IEnumerable<string> Names(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".").Reverse();
}
