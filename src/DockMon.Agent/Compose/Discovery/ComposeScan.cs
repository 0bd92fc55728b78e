using System.Text;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies;
using DockMon.Agent.Storage;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Discovery;

/// <summary>Looks for compose files on this machine, within limits: of time, of files, of depth, and of where it goes at all.</summary>
internal sealed class ComposeScan(PolicySource policies, TimeProvider time)
{
    /// <summary>Most files that are looked at.</summary>
    public const int FileLimit = 5000;

    /// <summary>How long it looks.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    private const int DefaultDepth = 5;
    private const int DeepestDepth = 20;

    private static readonly string[] Roots = [
        "/opt",
        "/srv",
        "/var/lib/docker-compose",
        "/var/lib/docker/volumes",
        "/stacks",
        "/docker",
        "/mnt",
        "/data",
        "/compose"
    ];

    private static readonly EnumerationOptions Listing = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    public void AddTo(Routes routes)
    {
        routes.Commands[CommandNames.ScanComposeDirs] = Route.For(
            "scan for compose files",
            ProtocolJson.Default.ScanComposeRequest,
            ProtocolJson.Default.ScanComposeResult,
            lane: null,
            (request, ct) => Task.Run(() => Scan(request, [.. Roots, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)], ct), ct)) with
            {
                Place = ReadPool.Files
            };
        routes.Commands[CommandNames.ReadComposeFile] = Route.For(
            "read compose file",
            ProtocolJson.Default.ReadComposeRequest,
            ProtocolJson.Default.ReadComposeResult,
            lane: null,
            (request, ct) => Task.Run(() => ComposeFiles.Read(request.Path, policies.Current.Redactor), ct)) with { Place = ReadPool.Files };
    }

    public ScanComposeResult Scan(ScanComposeRequest request, IReadOnlyList<string> roots, CancellationToken ct)
    {
        var (started, looked) = (time.GetTimestamp(), 0);
        var depth = request.Recursive == false ? 0 : Math.Clamp(request.MaxDepth ?? DefaultDepth, 0, DeepestDepth);
        var found = new Dictionary<string, ComposeFileSummary>(StringComparer.Ordinal);
        var best = new Dictionary<string, int>(StringComparer.Ordinal);
        var waiting = new Queue<(string Folder, int Depth)>(roots.Concat(request.Paths ?? [])
            .Where(path => path is ['/', ..] && !path.Contains('\0', StringComparison.Ordinal))
            .Select(path => (Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), depth)));
        while (waiting.TryDequeue(out var next) && time.GetElapsedTime(started) < TimeLimit)
        {
            ct.ThrowIfCancellationRequested();
            // A directory below two roots is read again only when the second way leads deeper.
            if (ComposeNames.IsForbidden(next.Folder) || (best.TryGetValue(next.Folder, out var before) && before >= next.Depth) || HasLink(next.Folder))
            {
                continue;
            }

            best[next.Folder] = next.Depth;
            foreach (var entry in Entries(next.Folder))
            {
                if (entry.LinkTarget is not null)
                {
                    continue;
                }

                if (entry is DirectoryInfo)
                {
                    if (next.Depth > 0)
                    {
                        waiting.Enqueue((entry.FullName, next.Depth - 1));
                    }
                }
                else if (++looked > FileLimit || time.GetElapsedTime(started) >= TimeLimit)
                {
                    return Result(found);
                }
                else if (ComposeNames.IsComposeFile(entry.Name) && !found.ContainsKey(entry.FullName) && Summary(entry.FullName) is { } summary)
                {
                    found[entry.FullName] = summary;
                }
            }
        }

        return Result(found);
    }

    private static ScanComposeResult Result(Dictionary<string, ComposeFileSummary> found) =>
        new() { Success = true, ComposeFiles = [.. found.Values.OrderBy(file => file.Path, StringComparer.Ordinal)] };

    private static bool HasLink(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
        {
            if (folder.LinkTarget is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<FileSystemInfo> Entries(string folder)
    {
        var listing = new DirectoryInfo(folder);
        return listing.Exists ? listing.EnumerateFileSystemInfos("*", Listing) : [];
    }

    /// <summary>
    /// What there is to say of a file; null when it is gone, or a link or no file by now. Its size
    /// and time are those of the file that was opened, and no other's.
    /// </summary>
    internal static ComposeFileSummary? Summary(string path)
    {
        try
        {
            using var file = SafePath.OpenFile(path);
            return Summary(path, SafePath.Look(file.SafeFileHandle), ReadModel(file, path));
        }
        catch (IOException)
        {
            return SummaryUnread(path);
        }
    }

    /// <summary>One that cannot be read is listed, without services.</summary>
    private static ComposeFileSummary? SummaryUnread(string path)
    {
        try
        {
            using var file = SafePath.OpenUnread(path);
            return Summary(path, SafePath.Look(file), null);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static ComposeModel? ReadModel(FileStream file, string path)
    {
        try
        {
            return ComposeModel.Read(ComposeFiles.ReadText(file, path));
        }
        catch (Exception e) when (e is IOException or DecoderFallbackException)
        {
            return null; // Too large, or no text.
        }
    }

    private static ComposeFileSummary Summary(string path, (long Size, DateTimeOffset Modified) file, ComposeModel? model) => new()
    {
        Path = path,
        ProjectName = model?.Name ?? Path.GetFileName(Path.GetDirectoryName(path))!,
        Services = [.. model?.Services.Select(service => service.Name) ?? []],
        Size = file.Size,
        Modified = Rfc3339.FormatSeconds(file.Modified),
    };
}
