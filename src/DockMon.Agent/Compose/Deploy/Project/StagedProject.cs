using System.IO.Enumeration;
using System.Text;
using DockMon.Agent.Commands;
using DockMon.Agent.Linux;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>
/// What compose reads to resolve a request, in a directory that only the agent can enter: between the check and the use nobody else writes there. Below it
/// the project has the path that it has on the host, so that <c>..</c> means the same there. Of the project's directory, and of others that the compose files
/// lead to by relative paths, it has copies of the files that they name, and of no other.
/// </summary>
internal sealed class StagedProject : IDisposable
{
    /// <summary>Most files and directories that one directory may have in which a name with variables is looked for.</summary>
    public const int MostEntries = 10_000;

    private const int MostFiles = 1000;
    private const int LargestFile = 1024 * 1024;

    private const string Prefix = ".candidate-";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    private static readonly EnumerationOptions Listing = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };

    private readonly StackFolder _stack;
    private readonly string _hostStacks;
    private readonly string _hostPath;
    private readonly string _name = Prefix + Guid.NewGuid().ToString("N");
    private readonly string _root;
    private readonly HashSet<ComposeReference> _done = [];
    private readonly HashSet<string> _included = new(StringComparer.Ordinal);
    private readonly HashSet<ComposeReference> _references = [];
    private readonly List<string> _doubts = [];

    private StagedProject(StackFolder stack, string hostStacks, string folder)
    {
        (_stack, _hostStacks, _hostPath) = (stack, hostStacks, System.IO.Path.Combine(hostStacks, stack.Project));
        _root = System.IO.Path.Combine(folder, _name);
    }

    /// <summary>What stands for the project's directory.</summary>
    public string Path => _root + _hostPath;

    /// <summary>The files that decide what is started and are not the request's, as the host calls them.</summary>
    public IReadOnlyCollection<string> Included => _included;

    /// <summary>Every path that compose follows while it resolves the files.</summary>
    public IReadOnlyCollection<ComposeReference> References => _references;

    /// <summary>Why there may be paths that are not among <see cref="References"/>: a compose file and what is strange about it.</summary>
    public IReadOnlyList<string> Doubts => _doubts;

    public string File => System.IO.Path.Combine(Path, StackFolder.FileName);

    public string? EnvFile => System.IO.Path.Combine(Path, StackFolder.EnvName) is var file && System.IO.File.Exists(file) ? file : null;

    /// <param name="stack">The project.</param>
    /// <param name="hostStacks">What the host calls the directory of all projects.</param>
    /// <param name="folder">A directory that is the agent's alone, in which this makes its own.</param>
    /// <param name="files">The request's files.</param>
    public static StagedProject Write(StackFolder stack, string hostStacks, string folder, IReadOnlyDictionary<string, string> files)
    {
        var candidate = new StagedProject(stack, hostStacks, folder);
        try
        {
            candidate.Fill(files);
            return candidate;
        }
        catch
        {
            candidate.Dispose();
            throw;
        }
    }

    /// <summary>Removes what a killed agent left in a directory.</summary>
    public static void Clear(string folder)
    {
        foreach (var left in Directory.Exists(folder) ? Directory.GetDirectories(folder, Prefix + "*") : [])
        {
            Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>Whether compose finds a file at a path of the host.</summary>
    public bool Has(string path) => System.IO.File.Exists(_root + path);

    /// <summary>A text of compose's, with the host's paths in the place of those in here.</summary>
    /// <exception cref="CommandException">One is written in a way that it is not found: it must not get into what is kept.</exception>
    public string InPlace(string text)
    {
        text = text.Replace(_root + "/", "/", StringComparison.Ordinal).Replace(_root, "/", StringComparison.Ordinal);
        return !text.Contains(_name, StringComparison.Ordinal) ? text
            : throw new CommandException($"cannot tell the paths that compose gives for project {_stack.Project}: "
                + $"the path {System.IO.Path.GetDirectoryName(_root)} must have no spaces, '$' or letters beyond ASCII in it; set DATA_PATH to another");
    }

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    private void Fill(IReadOnlyDictionary<string, string> files)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_root)!, OwnerFolder);
        Directory.CreateDirectory(_root, OwnerFolder);
        Directory.CreateDirectory(Path, OwnerFolder);
        foreach (var (name, content) in files)
        {
            Put(System.IO.Path.Combine(Path, name), Encoding.UTF8.GetBytes(content));
        }

        var open = new Queue<(string Text, string Folder, string Path)>([(files[StackFolder.FileName], _hostPath, "the compose file")]);
        while (open.TryDequeue(out var next))
        {
            if (ComposeReference.FindDoubt(next.Text) is { } doubt)
            {
                _doubts.Add($"{next.Path}: {doubt}");
            }

            foreach (var named in ComposeReference.Read(next.Text, next.Folder))
            {
                _references.Add(named);
                foreach (var path in named.IsAbsolute ? [named.Path] : Matches(named.Path))
                {
                    if (Add(named with { Path = path }, path == named.Path, files) is { } text && named.Kind == ReferenceKind.Compose)
                    {
                        open.Enqueue((text, named.Base ?? System.IO.Path.GetDirectoryName(path)!, path));
                    }
                }
            }
        }
    }

    /// <summary>Has compose find what the project has at a path.</summary>
    /// <returns>The file's text, the first time it is added; null when there is none.</returns>
    private string? Add(ComposeReference named, bool exact, IReadOnlyDictionary<string, string> files)
    {
        var name = named.Path.StartsWith(_hostPath + "/", StringComparison.Ordinal) ? named.Path[(_hostPath.Length + 1)..] : null;
        if (named.IsAbsolute && name is not null && named.Kind != ReferenceKind.Folder)
        {
            throw new CommandException($"the compose file of project {_stack.Project} names {named.Path}, which is in the project's directory, by its "
                + "absolute path: name it by a relative one");
        }

        if (!_done.Add(named))
        {
            return null;
        }

        var fromDisk = name is null || (name != StackFolder.EnvName && !files.ContainsKey(name));
        if (named.Kind is (ReferenceKind.Compose or ReferenceKind.Variables) && fromDisk)
        {
            _included.Add(named.Path);
        }

        // What has an absolute path is read where it is, and so is what that names.
        if (named.IsAbsolute)
        {
            return null;
        }

        if (_done.Count > MostFiles)
        {
            throw new CommandException($"the compose files of project {_stack.Project} name more than {MostFiles} files: name fewer");
        }

        if (name is not null && files.TryGetValue(name, out var ofRequest))
        {
            return ofRequest;
        }

        var target = _root + named.Path;
        if (named.Kind == ReferenceKind.Folder)
        {
            if (Directory.Exists(Inside(named.Path)))
            {
                Directory.CreateDirectory(target, OwnerFolder);
            }

            return null;
        }

        // Without a file of variables in the request there is none: one of an earlier deployment is no part of this one.
        if (name == StackFolder.EnvName || Read(named.Path, exact) is not { } content)
        {
            return null;
        }

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!, OwnerFolder);
        return Put(target, content);
    }

    private static string Put(string target, byte[] content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using var file = new FileStream(target, options);
        file.Write(content);
        return Encoding.UTF8.GetString(content);
    }

    /// <summary>
    /// A file's content, without following a link in the project's directory and beside it: whoever can write there would choose which file of the
    /// host is read.
    /// </summary>
    private byte[]? Read(string path, bool exact)
    {
        path = Inside(path);
        var trusted = new[] { _stack.Path, _stack.Stacks }.FirstOrDefault(folder => path.StartsWith(folder + "/", StringComparison.Ordinal))
            ?? System.IO.Path.GetDirectoryName(path) ?? "/";
        try
        {
            using var file = SafePath.OpenFileBelow(trusted, path[trusted.Length..]);
            var buffer = new byte[LargestFile + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length <= LargestFile ? buffer[..length] : throw new IOException($"it is larger than {LargestFile} bytes");
        }
        catch (Exception e) when (e is FileNotFoundException || (!exact && e is IOException or UnauthorizedAccessException))
        {
            return null; // Compose knows whether it has to be there, and which of those that a name with variables may mean is the one.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"refused to read {path}, which the compose file of project {_stack.Project} "
                + $"names: {e.Message}. It must be a regular file that the agent may read: put the file itself there, or name by its absolute path one "
                + "that is outside the project's directory");
        }
    }

    /// <summary>The paths that one with variables may mean.</summary>
    private List<string> Matches(string path)
    {
        if (!path.Contains('*', StringComparison.Ordinal))
        {
            return [path];
        }

        List<string> found = ["/"];
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.Contains('*', StringComparison.Ordinal)
                ? [.. found.SelectMany(folder => Entries(Inside(folder)).Where(name => FileSystemName.MatchesSimpleExpression(part, name, ignoreCase: false))
                    .Select(name => System.IO.Path.Combine(folder, name)))]
                : [.. found.Select(folder => System.IO.Path.Combine(folder, part))];
        }

        return found;
    }

    /// <summary>What the agent calls a path of the host.</summary>
    private string Inside(string path) =>
        UnixPath.IsWithin(path, _hostStacks) ? _stack.Stacks + path[_hostStacks.Length..] : path;

    private static IEnumerable<string> Entries(string folder)
    {
        var count = 0;
        foreach (var entry in Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder, "*", Listing) : [])
        {
            yield return ++count <= MostEntries ? System.IO.Path.GetFileName(entry)
                : throw new CommandException($"{folder} has more than {MostEntries} files and directories in it: move what the project's containers "
                    + "write into directories of its own");
        }
    }
}
