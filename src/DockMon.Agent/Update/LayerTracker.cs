using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Update;

/// <summary>Reduces the progress lines of a pull to what the server wants: a report every 500 ms, after 5 % of progress, or when a layer is complete.</summary>
internal sealed class LayerTracker(string containerId, TimeProvider time)
{
    private const int ListedLayers = 20;
    private const int Step = 5;

    /// <summary>Most layers that are kept apart: no image has a tenth of them.</summary>
    private const int MostLayers = 1024;

    /// <summary>No layer is larger; so many of them can be added up, and percentages made of the sum.</summary>
    private const long LargestLayer = 1L << 44;

    private const string Downloading = "Downloading";
    private const string Exists = "Already exists";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly string[] Done = ["Pull complete", Exists];

    private readonly Dictionary<string, LayerProgress> _layers = new(StringComparer.Ordinal);
    private readonly long _started = time.GetTimestamp();
    private long? _sent;
    private int _sentPercent;
    private int _sentDone;

    /// <summary>Processes one line of a pull.</summary>
    /// <returns>What to send now; null when nothing is due.</returns>
    public UpdateLayerProgress? Update(PullProgress line)
    {
        if (line.Status.StartsWith("Digest:", StringComparison.Ordinal))
        {
            // The last layer is done. Until then, layers that existed already do not count: they say nothing about the others.
            return _layers.Count == 0 || _sentPercent == 100 ? null : Report(100);
        }

        // Lines about the whole image have its tag for an id, or none.
        if (line.Id is not { Length: > 0 } id || line.Status.StartsWith("Pulling from", StringComparison.Ordinal))
        {
            return null;
        }

        var before = _layers.GetValueOrDefault(id);
        if (before is null && _layers.Count == MostLayers)
        {
            return null;
        }

        var total = line.Total is > 0 and var known ? Math.Min(known, LargestLayer) : before?.Total ?? 0;
        var done = Done.Contains(line.Status, StringComparer.Ordinal);
        var current = done ? total
            : line.Status == Downloading ? Math.Clamp(line.Current ?? 0, 0, LargestLayer)
            : Math.Max(before?.Current ?? 0L, line.Status == "Download complete" ? total : 0L);
        var layerPercent = done ? 100 : total > 0 ? (int)(100 * Math.Min(current, total) / total) : 0;
        _layers[id] = new LayerProgress { Id = id, Status = line.Status, Current = current, Total = total, Percent = layerPercent };

        var percent = Overall();
        var completed = _layers.Values.Count(layer => layer.Percent == 100 && Done.Contains(layer.Status, StringComparer.Ordinal));
        if (_sent is { } sent && time.GetElapsedTime(sent) < Interval && percent < _sentPercent + Step && completed == _sentDone)
        {
            return null;
        }

        (_sent, _sentPercent, _sentDone) = (time.GetTimestamp(), percent, completed);
        return Report(percent);
    }

    private int Overall()
    {
        var (current, total) = (_layers.Values.Sum(layer => layer.Current), _layers.Values.Sum(layer => layer.Total));
        var pulled = _layers.Values.Where(layer => layer.Status != Exists).ToList();
        // Some layers have no size; they count as one step each while nothing has.
        return total > 0 ? (int)(100 * Math.Min(current, total) / total) : pulled.Sum(layer => layer.Percent) / Math.Max(1, pulled.Count);
    }

    private UpdateLayerProgress Report(int percent)
    {
        var listed = _layers.Values.OrderBy(layer => layer.Percent == 100).ThenByDescending(layer => layer.Status == Downloading).Take(ListedLayers).ToList();
        var seconds = time.GetElapsedTime(_started).TotalSeconds;
        return new UpdateLayerProgress
        {
            ContainerId = containerId,
            OverallProgress = percent,
            Layers = listed,
            TotalLayers = _layers.Count,
            RemainingLayers = _layers.Count - listed.Count,
            Summary = $"Pulling image ({percent}%)",
            SpeedMbps = seconds > 0 ? Math.Round(_layers.Values.Sum(layer => layer.Current) / seconds / 1_000_000, 1) : 0,
        };
    }
}
