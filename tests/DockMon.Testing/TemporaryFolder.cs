namespace DockMon.Testing;

/// <summary>A directory of one test, removed when it ends.</summary>
/// <param name="parent">Where it is made; null for the machine's place for such.</param>
public sealed class TemporaryFolder(string? parent = null) : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = parent is null ? Directory.CreateTempSubdirectory("dockmon-").FullName
        : Directory.CreateDirectory(System.IO.Path.Combine(parent, "dockmon-" + Guid.NewGuid().ToString("N")[..12])).FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
