using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>A device node that a container needs for its start, and that can be taken away.</summary>
internal sealed class Device : IAsyncDisposable
{
    private Device(string path) => Path = path;

    public string Path { get; }

    public static async Task<Device> MakeAsync(string folder, CancellationToken ct)
    {
        var device = new Device(System.IO.Path.Combine(folder, "device"));
        await device.PutBackAsync(ct);
        return device;
    }

    public void Remove() => File.Delete(Path);

    /// <summary>Makes the node: another /dev/null.</summary>
    public async Task PutBackAsync(CancellationToken ct)
    {
        await using var process = ProgramProcess.Start("mknod", [Path, "c", "1", "3"], new Dictionary<string, string>());
        if (await process.WaitForExitAsync(ct) != 0)
        {
            throw new InvalidOperationException(process.Tail());
        }
    }

    public ValueTask DisposeAsync()
    {
        Remove();
        return ValueTask.CompletedTask;
    }
}
