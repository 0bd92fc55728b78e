using DockMon.Agent.Connection;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams;

/// <summary>Samples of every running container, about one a second each, from the engine's stats streams to both sockets.</summary>
internal sealed class StatsCollector(EngineClient engine, ContainerTracker tracker, Outbound outbound, StatsLink statsLink, TimeProvider time, ILogger<StatsCollector> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Watch> _watches = new(StringComparer.Ordinal);

    /// <summary>Collects until <paramref name="ct"/> fires.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        tracker.Started += Begin;
        tracker.Ended += End;
        foreach (var container in tracker.Running)
        {
            Begin(container);
        }

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = ct.Register(stopped.SetResult);
        await stopped.Task;
        tracker.Started -= Begin;
        tracker.Ended -= End;
        List<Watch> watches;
        lock (_gate)
        {
            watches = [.. _watches.Values];
            _watches.Clear();
        }

        watches.ForEach(watch => watch.Stop.Cancel());
        await Task.WhenAll(watches.Select(watch => watch.Loop));
    }

    private void Begin(RunningContainer container)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(container.Id, out var known))
            {
                known.Name = container.Name; // It was renamed.
                return;
            }

            var watch = new Watch(container.Name);
            _watches.Add(container.Id, watch);
            watch.Loop = Task.Run(() => WatchAsync(container.Id, watch));
        }
    }

    private void End(string id)
    {
        Watch? watch;
        lock (_gate)
        {
            _watches.Remove(id, out watch);
        }

        watch?.Stop.Cancel();
    }

    private async Task WatchAsync(string id, Watch watch)
    {
        var ct = watch.Stop.Token;
        try
        {
            while (true)
            {
                try
                {
                    await foreach (var sample in engine.WatchStatsAsync(id, ct))
                    {
                        Post(id, watch.Name, sample);
                    }
                }
                catch (EngineException e)
                {
                    Log.StatsFailed(logger, id[..Math.Min(12, id.Length)], e.Message);
                }

                // The stream ended, and the container did not, as far as events say: the daemon restarted, or its event is on the way.
                await Task.Delay(RetryDelay, time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The container ended, or the agent stops.
        }
    }

    private void Post(string id, string name, EngineStats sample)
    {
        if (sample.Read is null || sample.MemoryStats?.Limit is null or 0UL)
        {
            return; // Docker's way to say that the container is ending.
        }

        var limit = (long)Math.Min(sample.MemoryStats.Limit, long.MaxValue);
        var memory = (long)StatsMath.WorkingSet(sample);
        var (rx, tx) = StatsMath.Network(sample);
        var (read, write) = StatsMath.BlockIo(sample);
        var stats = new ContainerStats
        {
            ContainerId = id,
            ContainerName = name,
            CpuPercent = Math.Round(StatsMath.CpuPercent(sample), 1),
            MemoryUsage = memory,
            MemoryLimit = limit,
            MemoryPercent = Math.Round(100.0 * memory / limit, 2),
            NetworkRx = (long)rx,
            NetworkTx = (long)tx,
            DiskRead = (long)read,
            DiskWrite = (long)write,
            Timestamp = Rfc3339.Format(time.GetUtcNow()),
        };
        outbound.PostStats(id, FrameWriter.Event(EventNames.ContainerStats, stats, ProtocolJson.Default.ContainerStats, time.GetUtcNow()));
        statsLink.Post(id, FrameWriter.Message(stats, ProtocolJson.Default.ContainerStats));
    }

    private sealed class Watch(string name)
    {
        private volatile string _name = name;

        public string Name
        {
            get => _name;
            set => _name = value;
        }

        /// <summary>Never disposed: it has no timer, and whoever ends the watch may come after its loop.</summary>
        public CancellationTokenSource Stop { get; } = new();

        public Task Loop { get; set; } = Task.CompletedTask;
    }
}
