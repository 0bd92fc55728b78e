using System.Globalization;
using DockMon.Agent.Interop;
using DockMon.Agent.Threading;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

/// <summary>
/// Gives memory back that only the start or a large answer needed. Left alone, the collector keeps a heap as large as it once was, and program text
/// that ran once stays mapped for as long as the host has memory to spare: together they would be most of what the agent seems to need.
/// </summary>
internal sealed partial class MemoryTrimmer(Action trim, TimeProvider time)
{
    /// <summary>When the start has settled.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(30);

    /// <summary>How long nothing is to be done before what was done counts as over.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>How long it waits for that: a server may ask for a list every other second.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>The least time between two: what is needed all the same has to be fetched from the file again, which is not for nothing.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly AsyncSignal _used = new();

    public MemoryTrimmer(TimeProvider time, ILogger logger)
        : this(() => Trim(logger), time)
    {
    }

    /// <summary>Something other than watching was done. May be called anywhere: it only leaves a mark.</summary>
    public void MarkActivity() => _used.Set();

    /// <summary>
    /// Gives back when the start has settled, and each time after something was done, until
    /// <paramref name="ct"/> fires. While nothing is done no timer runs.
    /// </summary>
    public Task RunAsync(CancellationToken ct) => BackgroundLoop.RunAsync(TrimAsync, ct);

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
            Log.MapsUnreadable(logger, e.Message);
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

    private async Task TrimAsync(CancellationToken ct)
    {
        await Task.Delay(First, time, ct);
        while (true)
        {
            trim();
            await Task.Delay(Rest, time, ct);
            await _used.WaitAsync(ct);
            var began = time.GetTimestamp();
            do
            {
                await Task.Delay(Quiet, time, ct);
            }
            while (_used.TryReset() && time.GetElapsedTime(began) < Longest);
        }
    }

    private static (nuint Start, nuint Length) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var start = nuint.Parse(text.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, nuint.Parse(text.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start);
    }

    private static partial class Log
    {
        [LoggerMessage(405, LogLevel.Debug, "This system does not show what is mapped ({Reason}): program text that is no longer needed stays in memory")]
        public static partial void MapsUnreadable(ILogger logger, string reason);
    }
}
