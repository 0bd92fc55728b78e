using System.Globalization;
using System.Text;
using DockMon.Agent.Interop;

namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>Runs of compose that a killed agent left: they go on without it, and would work on the project beside whatever is done next.</summary>
internal static class OrphanedCompose
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Ends those that work on a model, and waits until they have ended.</summary>
    public static async Task EndAsync(string program, string model, TimeProvider time, CancellationToken ct)
    {
        foreach (var name in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName))
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && IsOurs(id, program, model))
            {
                using var process = new WatchedProcess(id);
                // Asked once more: until it was watched, its number could become another one's.
                if (IsOurs(id, program, model))
                {
                    await EndAsync(id, process, time, ct);
                }
            }
        }
    }

    private static async Task EndAsync(int id, WatchedProcess process, TimeProvider time, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        ComposeProcess.Terminate(id);
        while (!process.HasEnded())
        {
            if (time.GetElapsedTime(started) >= ComposeProcess.Patience)
            {
                process.Kill();
            }

            await Task.Delay(Interval, time, ct);
        }
    }

    /// <summary>By its arguments, which nobody else gives to compose in this way. Version 1 and scripts have their interpreter before them.</summary>
    private static bool IsOurs(int id, string program, string model)
    {
        try
        {
            var words = Encoding.UTF8.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/cmdline"))).Split('\0');
            return words.AsSpan().IndexOf([program, "--ansi", "never"]) is 0 or 1 && words.AsSpan().IndexOf(["--file", model]) > 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is somebody else's.
        }
    }
}
