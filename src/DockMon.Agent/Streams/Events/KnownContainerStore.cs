using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Agent.Storage;
using DockMon.Agent.Threading;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Streams.Events;

/// <summary>What an earlier run of the agent knew at its end.</summary>
/// <param name="LastEvent">When the last event was, in nanoseconds by the engine's clock.</param>
/// <param name="Containers">What ran then, by id.</param>
internal sealed record PastContainers(long LastEvent, IReadOnlyDictionary<string, RunningContainer> Containers);

/// <summary>
/// Keeps in the data directory what runs, so that the next run of the agent can tell what happened in between: a reboot ends containers and starts
/// them while no agent looks. Written some seconds after a change, and at the end.
/// </summary>
internal sealed partial class KnownContainerStore(string dataPath, ContainerTracker tracker, TimeProvider time, ILogger<KnownContainerStore> logger)
{
    /// <summary>How long a change may wait for others.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Most containers that are kept, and most characters of a name.</summary>
    private const int CountLimit = 10_000;
    private const int TextLimit = 300;

    private readonly string _path = Path.Combine(dataPath, "containers.json");
    private readonly AsyncSignal _changed = new();
    private readonly FailureLog _failures = new();
    private readonly Lock _gate = new();
    private (string Id, string Host) _engine;
    private long _lastEvent;
    private bool _begun;

    /// <summary>What an earlier run knew of this engine; null at the very first start.</summary>
    public PastContainers? Past { get; private set; }

    /// <summary>When the stream of events was opened for the first time, in nanoseconds by the engine's clock: from then on events tell.</summary>
    public long Opened { get; private set; }

    /// <summary>Reads what an earlier run left, if that was about this engine.</summary>
    /// <param name="engine">The engine; with Podman each answer has another id.</param>
    /// <param name="opened">What time it is there.</param>
    public void Open(EngineInfo engine, long opened)
    {
        (_engine, Opened, _lastEvent) = ((engine.Id, engine.Name), opened, opened);
        try
        {
            Past = File.Exists(_path) && JsonSerializer.Deserialize(File.ReadAllBytes(_path), KnownJson.Default.KnownFile) is { } file
                && (file.EngineId == engine.Id || file.Host == engine.Name)
                ? new PastContainers(file.LastEvent, ById(file.Containers ?? []))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            Log.KnownUnreadable(logger, _path, e.Message);
        }
    }

    /// <summary>What an earlier run left has been told of: from now on what this one knows is kept.</summary>
    public void Begin()
    {
        Past = null;
        _begun = true;
        tracker.Started += _ => _changed.Set();
        tracker.Ended += _ => _changed.Set();
        _changed.Set();
    }

    /// <summary>What happened up to a moment of the engine's clock is taken in.</summary>
    public void EventHandled(long moment)
    {
        lock (_gate)
        {
            _lastEvent = Math.Max(_lastEvent, moment);
        }
    }

    /// <summary>Keeps the file up to date until <paramref name="ct"/> fires, and once more then.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await BackgroundLoop.RunAsync(SaveChangesAsync, ct);
        Save();
    }

    private async Task SaveChangesAsync(CancellationToken ct)
    {
        while (true)
        {
            await _changed.WaitAsync(ct);
            await Task.Delay(Interval, time, ct);
            Save();
        }
    }

    private void Save()
    {
        if (!_begun)
        {
            return;
        }

        // The time first: an event in between is then rather told twice than never.
        long lastEvent;
        lock (_gate)
        {
            lastEvent = _lastEvent;
        }

        var running = tracker.Running.Take(CountLimit).Select(container => container with { Name = Short(container.Name), Image = Short(container.Image) });
        try
        {
            var file = new KnownFile(_engine.Id, _engine.Host, lastEvent, [.. running]);
            AtomicFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(file, KnownJson.Default.KnownFile), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            _failures.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = StorageAdvice.Describe(e, dataPath);
            if (_failures.ShouldReport(reason, out var count))
            {
                Log.KnownNotKept(logger, _path, reason, count);
            }
        }
    }

    internal static Dictionary<string, RunningContainer> ById(IEnumerable<RunningContainer?> containers) => containers
        .OfType<RunningContainer>()
        .Where(container => !string.IsNullOrEmpty(container.Id))
        .DistinctBy(container => container.Id)
        .Select(container => container with { Name = container.Name ?? "", Image = container.Image ?? "" })
        .ToDictionary(container => container.Id, StringComparer.Ordinal);

    private static string Short(string text) => text.Length > TextLimit ? text[..TextLimit] : text;

    private static partial class Log
    {
        [LoggerMessage(304, LogLevel.Warning, "{Path} cannot be read ({Reason}): what happened while the agent did not run is not told")]
        public static partial void KnownUnreadable(ILogger logger, string path, string reason);

        [LoggerMessage(
            305,
            LogLevel.Warning,
            "{Path} cannot be written ({Reason}; failed tries: {Count}): what happens while the agent does not run will not be told")]
        public static partial void KnownNotKept(ILogger logger, string path, string reason, int count);
    }
}

/// <summary>The file.</summary>
internal sealed record KnownFile(string EngineId, string Host, long LastEvent, IReadOnlyList<RunningContainer?>? Containers);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(KnownFile))]
internal sealed partial class KnownJson : JsonSerializerContext;
