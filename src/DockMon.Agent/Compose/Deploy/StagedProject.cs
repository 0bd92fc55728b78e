using System.IO.Enumeration;
using System.Text;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Discovery;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>
/// What compose reads to resolve a request, in a directory beside the project's that no container of it has mounted: between the check and the use nobody
/// else writes there. Of the project's directory it has copies of the files that the compose files name, and of no other.
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

    private readonly StackFolder _stack;
    private readonly HashSet<ComposeReference> _done = [];

    private StagedProject(StackFolder stack) => _stack = stack;

    /// <summary>The directory's name, which occurs in nothing else.</summary>
    public string Name { get; } = Prefix + Guid.NewGuid().ToString("N");

    public string Path => System.IO.Path.Combine(_stack.Stacks, Name);

    public string File => System.IO.Path.Combine(Path, StackFolder.FileName);

    public string? EnvFile => System.IO.Path.Combine(Path, StackFolder.EnvName) is var file && System.IO.File.Exists(file) ? file : null;

    public static StagedProject Write(StackFolder stack, IReadOnlyDictionary<string, string> files)
    {
        var candidate = new StagedProject(stack);
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

    /// <summary>Removes what a killed agent left.</summary>
    public static void Clear(string stacks)
    {
        foreach (var left in Directory.Exists(stacks) ? Directory.GetDirectories(stacks, Prefix + "*") : [])
        {
            Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>A text of compose's, with the project's directory in the place of this one.</summary>
    public string InPlace(string text) => text.Replace(Name, _stack.Project, StringComparison.Ordinal);

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private void Fill(IReadOnlyDictionary<string, string> files)
    {
        Directory.CreateDirectory(Path, OwnerFolder);
        foreach (var (name, content) in files)
        {
            Put(System.IO.Path.Combine(Path, name), Encoding.UTF8.GetBytes(content));
        }

        var open = new Queue<(string Text, string Folder)>([(files[StackFolder.FileName], _stack.Path)]);
        while (open.TryDequeue(out var next))
        {
            foreach (var named in ComposeReference.Read(next.Text, next.Folder))
            {
                foreach (var path in Matches(named.Path))
                {
                    if (Add(named with { Path = path }, path == named.Path, files) is { } text && named.Kind == ReferenceKind.Compose)
                    {
                        open.Enqueue((text, named.Base ?? System.IO.Path.GetDirectoryName(path)!));
                    }
                }
            }
        }
    }

    /// <summary>Has compose find what the project has at a path.</summary>
    /// <returns>The file's text, the first time it is added; null when there is none.</returns>
    private string? Add(ComposeReference named, bool exact, IReadOnlyDictionary<string, string> files)
    {
        // What is not in the project's directory is read where it is.
        if (!named.Path.StartsWith(_stack.Path + "/", StringComparison.Ordinal) || !_done.Add(named))
        {
            return null;
        }

        var name = named.Path[(_stack.Path.Length + 1)..];
        if (named.IsAbsolute && named.Kind != ReferenceKind.Folder)
        {
            throw new CommandException($"the compose file of project {_stack.Project} names {named.Path}, which is in the project's directory, by its "
                + "absolute path: name it by a relative one");
        }

        if (_done.Count > MostFiles)
        {
            throw new CommandException($"the compose files of project {_stack.Project} name more than {MostFiles} files: name fewer");
        }

        if (files.TryGetValue(name, out var ofRequest))
        {
            return ofRequest;
        }

        var target = System.IO.Path.Combine(Path, name);
        if (named.Kind == ReferenceKind.Folder)
        {
            if (Directory.Exists(named.Path))
            {
                Directory.CreateDirectory(target, OwnerFolder);
            }

            return null;
        }

        // Without a file of variables in the request there is none: one of an earlier deployment is no part of this one.
        if (name == StackFolder.EnvName || Read(name, exact) is not { } content)
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

    /// <summary>A file of the project's directory, without following a link: whoever can write there would choose which file of the host is read.</summary>
    private byte[]? Read(string name, bool exact)
    {
        try
        {
            using var file = SafePath.OpenFileBelow(_stack.Path, name);
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
            throw new CommandException($"refused to read {System.IO.Path.Combine(_stack.Path, name)}, which the compose file of project {_stack.Project} "
                + $"names: {e.Message}. It must be a regular file that the agent may read: put the file itself there, or name by its absolute path one "
                + "that is outside the project's directory");
        }
    }

    /// <summary>The paths that one with variables may mean.</summary>
    private List<string> Matches(string path)
    {
        if (!path.Contains('*', StringComparison.Ordinal) || !path.StartsWith(_stack.Path + "/", StringComparison.Ordinal))
        {
            return [path];
        }

        List<string> found = [_stack.Path];
        foreach (var part in path[(_stack.Path.Length + 1)..].Split('/'))
        {
            found = part.Contains('*', StringComparison.Ordinal)
                ? [.. found.Where(Directory.Exists).SelectMany(Entries).Where(entry =>
                    FileSystemName.MatchesSimpleExpression(part, System.IO.Path.GetFileName(entry), ignoreCase: false))]
                : [.. found.Select(folder => System.IO.Path.Combine(folder, part))];
        }

        return found;
    }

    private static IEnumerable<string> Entries(string folder)
    {
        var count = 0;
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            yield return ++count <= MostEntries ? entry
                : throw new CommandException($"{folder} has more than {MostEntries} files and directories in it: move what the project's containers "
                    + "write into directories of its own");
        }
    }
}
