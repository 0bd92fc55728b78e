namespace DockMon.Testing;

/// <summary>A directory of one test, removed when it ends.</summary>
/// <param name="parent">Where it is made; null for the machine's place for such.</param>
public sealed class TemporaryFolder(string? parent = null) : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = parent is null ? Directory.CreateTempSubdirectory("dockmon-").FullName
        : Directory.CreateDirectory(System.IO.Path.Combine(parent, "dockmon-" + Guid.NewGuid().ToString("N")[..12])).FullName;

    /// <summary>The path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, and makes the directories above it.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string content)
    {
        var path = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
