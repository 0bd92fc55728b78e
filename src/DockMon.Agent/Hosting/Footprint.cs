using System.Globalization;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

/// <summary>
/// Gives memory back that only the start or a large answer needed. Left alone, the collector keeps a heap as large as it once was, and program text
/// that ran once stays mapped for as long as the host has memory to spare: together they would be most of what the agent seems to need.
/// </summary>
internal static class Footprint
{
    /// <summary>When the start has settled.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(30);

    /// <summary>How often after that it is looked whether there is something to give back.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    // Bytes allocated since the last time. An agent that only watches needs a good while for as much, a listing of fifty containers is more.
    internal const long Worthwhile = 4 * 1024 * 1024;

    /// <summary>Does it when the start has settled, and whenever much was allocated since, until <paramref name="ct"/> fires.</summary>
    public static Task RunAsync(TimeProvider time, ILogger logger, CancellationToken ct) =>
        RunAsync(time, () => GC.GetTotalAllocatedBytes(), () => Trim(logger), ct);

    /// <summary>The same with another count of allocated bytes and another way to give back.</summary>
    internal static async Task RunAsync(TimeProvider time, Func<long> allocated, Action trim, CancellationToken ct)
    {
        try
        {
            await Task.Delay(First, time, ct);
            while (true)
            {
                trim();
                var then = allocated();
                do
                {
                    await Task.Delay(Every, time, ct);
                }
                while (allocated() - then < Worthwhile);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    /// <summary>Does it once.</summary>
    public static void Trim(ILogger logger)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        try
        {
            foreach (var (start, length) in CleanPages(File.ReadAllLines("/proc/self/smaps"), Environment.ProcessPath))
            {
                Native.Forget(start, length);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HostingLog.MapsUnreadable(logger, e.Message);
        }
    }

    /// <summary>
    /// Finds mapped pages that are the same in a file, from where the kernel takes them again when they are needed: the text of the program and of
    /// its libraries, and of the program the constants as well.
    /// </summary>
    /// <param name="smaps">The lines of <c>/proc/self/smaps</c>.</param>
    /// <param name="program">The path of the program.</param>
    /// <returns>Addresses and lengths, bytes.</returns>
    internal static IEnumerable<(nuint Start, nuint Length)> CleanPages(IEnumerable<string> smaps, string? program)
    {
        (nuint Start, nuint Length)? candidate = null;
        foreach (var line in smaps)
        {
            // A range begins with a line such as "55e0c0a00000-55e0c0b00000 r-xp 00013000 fe:00 1234   /path"; below it stand its figures.
            var fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields is [var range, { Length: 4 } access, _, _, _, ..] && range.Contains('-', StringComparison.Ordinal))
            {
                var path = fields is [.., ['/', ..] last] ? last : null;
                // Constants of a library are left alone: while one is being loaded, they look like this before they are written to.
                candidate = path is not null && (access == "r-xp" || (access == "r--p" && path == program)) ? Range(range) : null;
            }
            else if (candidate is { } clean && fields is ["Anonymous:", "0", "kB"])
            {
                // A page that was written to after it was mapped is the process's own, and would be lost.
                yield return clean;
                candidate = null;
            }
        }
    }

    private static (nuint Start, nuint Length) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var start = nuint.Parse(text.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, nuint.Parse(text.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start);
    }
}
