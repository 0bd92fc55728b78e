namespace DockMon.Testing;

/// <summary>A small file system in a file, to be filled. Needs root and a loop device.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>Makes one below a folder and mounts it.</summary>
    public static async Task<SmallDisk> MountAsync(string folder, CancellationToken ct, int megabytes = 4)
    {
        var image = System.IO.Path.Combine(folder, "disk.img");
        await using (var file = File.Create(image))
        {
            file.SetLength(megabytes * 1024L * 1024);
        }

        var disk = new SmallDisk(Directory.CreateDirectory(System.IO.Path.Combine(folder, "disk")).FullName);
        // Without room kept back for root, who runs the tests.
        await RunAsync("mkfs.ext4", ["-q", "-m", "0", image], ct);
        await RunAsync("mount", ["-o", "loop", image, disk.Path], ct);
        return disk;
    }

    /// <summary>Leaves no room for another file.</summary>
    public void Fill()
    {
        using var file = new FileStream(System.IO.Path.Combine(Path, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 1024 * 1024, 1024 })
        {
            Fill(file, new byte[size]);
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(System.IO.Path.Combine(Path, "filler"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RunAsync("umount", [Path], CancellationToken.None);

    private static void Fill(FileStream file, byte[] block)
    {
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush(flushToDisk: true);
            }
        }
        catch (IOException e) when (e.HResult == 28)
        {
            // ENOSPC: as asked for.
        }
    }

    private static async Task RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        await using var process = ProgramProcess.Start(program, arguments, new Dictionary<string, string>());
        if (await process.WaitForExitAsync(ct) is not 0 and var code)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {process.Tail()}");
        }
    }
}
