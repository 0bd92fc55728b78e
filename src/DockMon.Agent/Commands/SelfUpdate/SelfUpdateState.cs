using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Agent.Hosting;

namespace DockMon.Agent.Commands.SelfUpdate;

/// <summary>A program of this product in the data folder.</summary>
/// <param name="Version">What it says it is.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Sha256">Checksum of the file, hexadecimal.</param>
/// <param name="BaseVersion">Version of the program that the container or the unit starts, when this one was installed.</param>
internal sealed record InstalledProgram(string Version, string Path, string Sha256, string BaseVersion);

/// <summary>A new program that has to prove itself.</summary>
/// <param name="Program">The program.</param>
/// <param name="FromVersion">The version that installed it.</param>
/// <param name="Deadline">When it must have proven itself.</param>
internal sealed record Trial(InstalledProgram Program, string FromVersion, DateTimeOffset Deadline)
{
    /// <summary>Starts a watch over what is left of it, which a clock that is set meanwhile does not lengthen.</summary>
    /// <returns>Tells how long it is past the deadline; negative before.</returns>
    public Func<TimeSpan> Watch(TimeProvider time)
    {
        var (started, left) = (time.GetTimestamp(), Deadline - time.GetUtcNow());
        return () => time.GetElapsedTime(started) - left;
    }
}

/// <summary>Which program is to run: <c>$DATA_PATH/bin/state.json</c>.</summary>
internal sealed record SelfUpdateState
{
    /// <summary>The program that has proven itself; null for the one the container or the unit starts.</summary>
    public InstalledProgram? Confirmed { get; init; }

    /// <summary>The program that is being tried out; null when none is.</summary>
    public Trial? Trial { get; init; }

    /// <summary>Why the last trial failed, until the server was told.</summary>
    public string? Failure { get; init; }

    /// <summary>The trial is over without success.</summary>
    public SelfUpdateState Failed(string reason) => this with { Trial = null, Failure = $"version {Trial?.Program.Version} {reason}; version {Trial?.FromVersion} is back" };
}

/// <summary>The file of the state, and the folder with the programs.</summary>
internal sealed class SelfUpdateStore(string dataPath)
{
    private const string Incoming = "incoming";

    private readonly string _folder = Path.Combine(dataPath, "bin");

    private string File => Path.Combine(_folder, "state.json");

    /// <summary>The folder with the programs; made where it is not.</summary>
    public string Folder => PrivateFolder.Make(_folder);

    /// <summary>Where a program that is not yet known to be one is written.</summary>
    public string IncomingPath => Path.Combine(Folder, Incoming, "dockmon-agent");

    /// <summary>The state. A file that is none counts as none: the program that was started first then runs, which is always safe.</summary>
    public SelfUpdateState Read()
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), SelfUpdateJson.Default.SelfUpdateState) ?? new();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return new();
        }
    }

    /// <summary>Writes the state so that a power cut leaves either the old or the new one.</summary>
    /// <exception cref="CommandException">It cannot be written; the message says what to do.</exception>
    public void Save(SelfUpdateState state)
    {
        try
        {
            _ = Folder;
            AtomicFile.Write(File, JsonSerializer.SerializeToUtf8Bytes(state, SelfUpdateJson.Default.SelfUpdateState), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write to {_folder}: {StorageFailure.Describe(e, _folder)}");
        }
    }

    /// <summary>Gives a verified program its place.</summary>
    public InstalledProgram Install(string version, string sha256, string baseVersion)
    {
        var name = $"{version}-{sha256[..8]}";
        var target = Path.Combine(Folder, name);
        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true); // The same program, of an earlier try.
        }

        Directory.Move(Path.GetDirectoryName(IncomingPath)!, target);
        Native.FlushDirectory(Folder);
        return new InstalledProgram(version, Path.Combine(target, "dockmon-agent"), sha256, baseVersion);
    }

    /// <summary>Removes what came and was refused.</summary>
    public void RemoveIncoming()
    {
        if (Path.GetDirectoryName(IncomingPath) is { } folder && Directory.Exists(folder))
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
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SelfUpdateState))]
internal sealed partial class SelfUpdateJson : JsonSerializerContext;
