using System.Text;
using System.Text.RegularExpressions;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Storage;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>
/// The directory of one compose project: its file, and its env files beside it. Its containers may have it mounted, so nothing in it is trusted.
/// </summary>
internal sealed partial class StackFolder
{
    public const string FileName = "docker-compose.yml";
    public const string EnvName = ".env";

    private const int MostEnvFiles = 100;
    private const int LongestKept = 16 * 1024 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <param name="stacks">The directory of all projects.</param>
    /// <param name="project">The project's name, which is one by <see cref="IsProjectName"/>.</param>
    public StackFolder(string stacks, string project)
    {
        (Stacks, Project) = (stacks, project);
        Path = System.IO.Path.Combine(stacks, project);
    }

    public string Stacks { get; }

    public string Project { get; }

    public string Path { get; }

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

            if (name.Length is 0 or > 255 || name is "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0 || ComposeNames.IsComposeFile(name))
            {
                throw new CommandException($"env file name \"{name}\" is not a plain file name");
            }
        }
    }

    /// <summary>The files a request brings, by name.</summary>
    public static Dictionary<string, string> FilesOf(DeployComposeRequest request)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal) { [FileName] = request.ComposeContent! };
        if (!string.IsNullOrEmpty(request.EnvFileContent))
        {
            files[EnvName] = request.EnvFileContent;
        }

        foreach (var (name, content) in request.EnvFiles ?? new Dictionary<string, string>())
        {
            files[name] = content;
        }

        return files;
    }

    /// <summary>
    /// Makes these files the project's, one after the other; when one cannot be written, or
    /// <paramref name="then"/> fails, the old ones are put back.
    /// </summary>
    /// <exception cref="CommandException">That failed, too.</exception>
    public void Replace(IReadOnlyDictionary<string, string> files, Action then)
    {
        var isNew = !Directory.Exists(Path);
        Directory.CreateDirectory(Path, OwnerFolder);
        // Without one in the request, a file of variables of an earlier deployment would still be read by whoever runs compose here.
        var old = files.Keys.Append(EnvName).Distinct(StringComparer.Ordinal).ToDictionary(name => name, ReadOld, StringComparer.Ordinal);
        try
        {
            foreach (var name in old.Keys)
            {
                Put(name, files.TryGetValue(name, out var content) ? Encoding.UTF8.GetBytes(content) : null);
            }

            then();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            PutBack(old, isNew, e);
            throw;
        }
    }

    public void Remove()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private void PutBack(Dictionary<string, byte[]?> old, bool isNew, Exception why)
    {
        try
        {
            if (isNew)
            {
                Remove();
                return;
            }

            foreach (var (name, content) in old)
            {
                Put(name, content);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"cannot write to {Path}: {StorageAdvice.Describe(why, Path)}; and the files that were there could not all be put back: {e.Message}");
        }
    }

    private void Put(string name, byte[]? content)
    {
        if (content is null)
        {
            AtomicFile.Delete(At(name));
        }
        else
        {
            AtomicFile.Write(At(name), content, OwnerOnly);
        }
    }

    /// <summary>
    /// What is there; null for what the agent cannot have put there itself, and will not follow or wait for: a link, a pipe, a file without an end.
    /// </summary>
    private byte[]? ReadOld(string name)
    {
        try
        {
            using var file = SafePath.OpenFileIn(Path, name);
            var content = new byte[file.Length <= LongestKept ? file.Length : 0];
            file.ReadExactly(content);
            return file.Length <= LongestKept ? content : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]*$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex ProjectName();
}
