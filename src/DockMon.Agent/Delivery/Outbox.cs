using System.Globalization;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Delivery;

/// <summary>Completions on disk, each in a file of its own under <c>$DATA_PATH/outbox</c>, from before they are sent until they are delivered.</summary>
internal sealed class Outbox
{
    private readonly string _folder;
    private long _last;

    public Outbox(string dataPath)
    {
        _folder = Path.Combine(dataPath, "outbox");
        _ = PrivateFolder.TryMake(_folder); // Where the disk refuses, completions are kept in memory, and the log says so of each.
        _last = Files.Select(file => Number(file)!.Value).DefaultIfEmpty().Max();
    }

    /// <summary>Where the files are.</summary>
    public string Folder => _folder;

    /// <summary>Keeps a frame.</summary>
    /// <returns>Its file.</returns>
    public string Write(ReadOnlySpan<byte> frame)
    {
        var path = Path.Combine(_folder, Interlocked.Increment(ref _last).ToString("d19", CultureInfo.InvariantCulture) + ".json");
        PrivateFolder.Make(_folder);
        AtomicFile.Write(path, frame, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    /// <summary>What is kept, the oldest first.</summary>
    public IReadOnlyList<string> Files => [.. All().Where(path => Number(path) is not null).Order(StringComparer.Ordinal)];

    /// <summary>Files that somebody else has put there. They are left alone.</summary>
    public IReadOnlyList<string> Strays => [.. All().Where(path => Number(path) is null)];

    private string[] All() => Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*.json") : [];

    private static long? Number(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
