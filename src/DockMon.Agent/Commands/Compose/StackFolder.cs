using System.Text;
using System.Text.RegularExpressions;
using DockMon.Agent.Hosting;
using DockMon.Protocol;

namespace DockMon.Agent.Commands.Compose;

/// <summary>The directory of one compose project: its file, and its env files beside it.</summary>
internal sealed partial class StackFolder
{
    private const string EnvName = ".env";
    private const int MostEnvFiles = 100;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <param name="stacks">The directory of all projects.</param>
    /// <param name="project">The project's name, which is one by <see cref="IsProjectName"/>.</param>
    public StackFolder(string stacks, string project)
    {
        Path = System.IO.Path.Combine(stacks, project);
        File = System.IO.Path.Combine(Path, "docker-compose.yml");
        Candidate = System.IO.Path.Combine(Path, ".docker-compose.new.yml");
    }

    public string Path { get; }

    public string File { get; }

    /// <summary>A file that is not yet known to be valid. The one that is in use stays until it is.</summary>
    public string Candidate { get; }

    public string? EnvFile => System.IO.Path.Combine(Path, EnvName) is var file && System.IO.File.Exists(file) ? file : null;

    /// <summary>Compose's own rule, which also keeps the name within one directory.</summary>
    public static bool IsProjectName(string? name) => name is { Length: <= 128 } && ProjectName().IsMatch(name);

    /// <summary>Checks the names of env files: they must not lead out of the directory or onto the compose file.</summary>
    /// <exception cref="CommandException">One does.</exception>
    public static void CheckEnvNames(IEnumerable<string>? names)
    {
        var count = 0;
        foreach (var name in names ?? [])
        {
            if (++count > MostEnvFiles)
            {
                throw new CommandException($"more than {MostEnvFiles} env files");
            }

            if (name.Length is 0 or > 255 || name is "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0 || Files.ComposeNames.IsComposeFile(name) || name == ".docker-compose.new.yml")
            {
                throw new CommandException($"env file name \"{name}\" is not a plain file name");
            }
        }
    }

    /// <summary>Writes the env files and the compose file, the latter as <see cref="Candidate"/>.</summary>
    public void Write(DeployComposeRequest request)
    {
        Directory.CreateDirectory(Path, OwnerFolder);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!string.IsNullOrEmpty(request.EnvFileContent))
        {
            files[EnvName] = request.EnvFileContent;
        }

        foreach (var (name, content) in request.EnvFiles ?? new Dictionary<string, string>())
        {
            files[name] = content;
        }

        foreach (var (name, content) in files)
        {
            AtomicFile.Write(System.IO.Path.Combine(Path, name), Encoding.UTF8.GetBytes(content), OwnerOnly);
        }

        if (!files.ContainsKey(EnvName))
        {
            // One of an earlier deployment would still be read.
            System.IO.File.Delete(System.IO.Path.Combine(Path, EnvName));
        }

        AtomicFile.Write(Candidate, Encoding.UTF8.GetBytes(request.ComposeContent!), OwnerOnly);
    }

    /// <summary>The candidate is valid: from now on it is the project's file.</summary>
    public void Accept() => System.IO.File.Move(Candidate, File, overwrite: true);

    public void Reject() => System.IO.File.Delete(Candidate);

    public void Remove() => Directory.Delete(Path, recursive: true);

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]*$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex ProjectName();
}
