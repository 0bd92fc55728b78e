using System.Text;
using DockMon.Agent.Commands;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>
/// The files of a request as compose reads them before they are the project's, in a directory beside the project's that no container of it has mounted:
/// between the check and the use nobody else writes to them. What else lies in the project's directory is reached through links.
/// </summary>
internal sealed class StagedProject : IDisposable
{
    /// <summary>Most files and directories that a project's directory may have, without those in them.</summary>
    public const int MostEntries = 10_000;

    private const string Prefix = ".candidate-";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    private readonly StackFolder _stack;

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
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
            using var file = new FileStream(System.IO.Path.Combine(Path, name), options);
            file.Write(Encoding.UTF8.GetBytes(content));
        }

        // Without a file of variables in the request there is none: one of an earlier deployment is no part of this one.
        var links = 0;
        foreach (var other in Directory.Exists(_stack.Path) ? Directory.EnumerateFileSystemEntries(_stack.Path) : [])
        {
            if (++links > MostEntries)
            {
                throw new CommandException($"{_stack.Path} has more than {MostEntries} files and directories in it: move what the project's containers "
                    + "write into directories of its own");
            }

            if (System.IO.Path.GetFileName(other) is var name && name != StackFolder.EnvName && !files.ContainsKey(name))
            {
                System.IO.File.CreateSymbolicLink(System.IO.Path.Combine(Path, name), other);
            }
        }
    }
}
