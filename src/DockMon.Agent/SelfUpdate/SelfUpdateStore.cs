using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Storage;

namespace DockMon.Agent.SelfUpdate;

/// <summary>The file of the state, and the folder with the programs.</summary>
internal sealed class SelfUpdateStore(string dataPath)
{
    private const string Incoming = "incoming";
    private const string ProgramName = "dockmon-agent";
    private const string SignatureSuffix = ".sig";
    private const int ShortSum = 8;
    private const int SumLength = 64;

    private readonly string _folder = Path.Combine(dataPath, "bin");

    private string File => Path.Combine(_folder, "state.json");

    /// <summary>The folder with the programs; made where it is not.</summary>
    public string Folder => PrivateFolder.Make(_folder);

    /// <summary>Where a program that is not yet known to be one is written.</summary>
    public string IncomingPath => Path.Combine(Folder, Incoming, ProgramName);

    /// <summary>
    /// The state. A file that is none, or that others can write, counts as none: the program that was started first then runs, which is always safe.
    /// </summary>
    public SelfUpdateState Read()
    {
        try
        {
            return WhyNotTrusted() is not null
                ? new()
                : JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), SelfUpdateJson.Default.SelfUpdateState) ?? new();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return new();
        }
    }

    /// <summary>Why what is written in the folder cannot be relied on; null when it can, or when there is nothing.</summary>
    public string? WhyNotTrusted() =>
        !Directory.Exists(_folder) ? null : FileTrust.WhyNotDirectory(_folder) ?? (System.IO.File.Exists(File) ? FileTrust.WhyNotFile(File) : null);

    /// <summary>
    /// Why an installed program must not be executed; null when it is where this agent puts programs, nobody else's to change, and what was checked when
    /// it came.
    /// </summary>
    public string? FindRefusal(InstalledProgram program)
    {
        // Both are parts of a path, and must not lead out of the folder.
        var areNames = program.Sha256.Length == SumLength
            && program.Sha256.All(char.IsAsciiHexDigitLower)
            && program.Version.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-');
        if (!areNames || program.Path != PathOf(program.Version, program.Sha256))
        {
            return $"{EnvironmentReader.Short(program.Path)} is not where the agent puts its programs";
        }

        return FileTrust.WhyNotDirectory(_folder)
            ?? FileTrust.WhyNotDirectory(Path.GetDirectoryName(program.Path)!)
            ?? FileTrust.WhyNotFile(program.Path)
            ?? FileTrust.WhyNotSame(program.Path, program.Sha256);
    }

    /// <summary>Writes the state so that a power cut leaves either the old or the new one.</summary>
    /// <exception cref="CommandException">It cannot be written; the message says what to do.</exception>
    public void Save(SelfUpdateState state)
    {
        try
        {
            _ = Folder;
            AtomicFile.Write(
                File,
                JsonSerializer.SerializeToUtf8Bytes(state, SelfUpdateJson.Default.SelfUpdateState),
                UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write to {_folder}: {StorageAdvice.Describe(e, _folder)}");
        }
    }

    /// <summary>The signature that a program was installed with; null for none.</summary>
    public static byte[]? ReadSignature(InstalledProgram program)
    {
        try
        {
            return System.IO.File.ReadAllBytes(program.Path + SignatureSuffix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Whoever needs one refuses the program.
        }
    }

    /// <summary>Gives a verified program its place, with its signature beside it.</summary>
    public InstalledProgram Install(string version, FetchedProgram program, string baseVersion)
    {
        var sha256 = program.Sha256;
        if (program.Signature is { } signature)
        {
            AtomicFile.Write(IncomingPath + SignatureSuffix, signature, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var path = PathOf(version, sha256);
        var target = Path.GetDirectoryName(path)!;
        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true); // The same program, of an earlier try.
        }

        Directory.Move(Path.GetDirectoryName(IncomingPath)!, target);
        Native.FlushDirectory(Folder);
        return new InstalledProgram(version, path, sha256, baseVersion);
    }

    /// <summary>Removes what came and was refused.</summary>
    public void RemoveIncoming()
    {
        var folder = Path.Combine(_folder, Incoming);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Removes every program but those given.</summary>
    public void RemoveAllBut(params IEnumerable<string?> paths)
    {
        if (!Directory.Exists(_folder))
        {
            return;
        }

        var kept = paths.OfType<string>().Select(path => Path.GetDirectoryName(path)!).ToHashSet(StringComparer.Ordinal);
        foreach (var directory in Directory.GetDirectories(_folder).Where(directory => !kept.Contains(directory)))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private string PathOf(string version, string sha256) => Path.Combine(_folder, $"{version}-{sha256[..ShortSum]}", ProgramName);
}
