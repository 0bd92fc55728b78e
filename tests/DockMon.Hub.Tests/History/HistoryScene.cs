using System.Globalization;
using System.Text;
using DockMon.Hub.History;
using DockMon.Hub.History.Live;
using DockMon.Hub.Storage;
using DockMon.Hub.Tests.Storage;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Hub.Tests.History;

/// <summary>The history of one host on a database of its own, without a hub and its loops.</summary>
internal sealed class HistoryScene : IAsyncDisposable
{
    public const string HostId = "host";

    private readonly TemporaryFolder _folder;

    private HistoryScene(TemporaryFolder folder, Database database)
    {
        _folder = folder;
        Database = database;
        Samples = new LiveSamples(Time, new Logger<LiveSamples>(Log));
        Store = new HistoryStore(database, Time, new Logger<HistoryStore>(Log));
        Journal = new HistoryJournal(Samples, Store, Time, new Logger<HistoryJournal>(Log));
        Roller = new HistoryRoller(database, Store, Time, new Logger<HistoryRoller>(Log));
        Query = new HistoryQuery(Samples, Store, Time);
        Expiry = new HistoryExpiry(database, Time, new Logger<HistoryExpiry>(Log));
    }

    public static DateTimeOffset Start { get; } = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public FakeTimeProvider Time { get; } = new(Start);

    public LogCapture Log { get; } = new();

    public Database Database { get; }

    public LiveSamples Samples { get; }

    public HistoryStore Store { get; }

    public HistoryJournal Journal { get; }

    public HistoryRoller Roller { get; }

    public HistoryQuery Query { get; }

    public HistoryExpiry Expiry { get; }

    public static async Task<HistoryScene> CreateAsync(CancellationToken ct)
    {
        var folder = new TemporaryFolder();
        var scene = new HistoryScene(folder, await TestDatabase.OpenAsync(folder.Path, ct));
        await scene.AddHostAsync(HostId, ct);
        return scene;
    }

    public Task AddHostAsync(string hostId, CancellationToken ct) => Database.ExecuteAsync(
        """
        INSERT INTO hosts (id, agent_id, token_hash, engine_id, hostname, registration, registered_at, last_seen)
        VALUES (@id, @id, @id, @id, @id, '{}', '', '')
        """,
        ct,
        ("@id", hostId));

    /// <summary>Samples for a time, one every some seconds; the memory is the number of the minute since the start, and the CPU a hundredth of that.</summary>
    public void Sample(TimeSpan duration, int seconds = 20, string name = "web", string id = "c1")
    {
        for (var i = 0; i < duration.TotalSeconds / seconds; i++)
        {
            var minute = (int)(Time.GetUtcNow() - Start).TotalMinutes;
            var text = $$"""{"container_id":"{{id}}","container_name":"/{{name}}","cpu_percent":{{Cpu(minute)}},"memory_usage":{{minute}}}""";
            Samples.Add(HostId, Encoding.UTF8.GetBytes(text), isHost: false);
            Samples.Add(HostId, Encoding.UTF8.GetBytes($$"""{"cpu_percent":{{Cpu(minute)}},"mem_percent":0.5}"""), isHost: true);
            Time.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    private static string Cpu(int minute) => (minute % 200 / 100.0).ToString(CultureInfo.InvariantCulture);

    /// <summary>Rolls all hours up that are over.</summary>
    public async Task RollAsync(CancellationToken ct)
    {
        foreach (var (host, hour) in await Store.JournaledHoursAsync(Time.GetUtcNow().ToUnixTimeSeconds() - Tier.Hour, ct))
        {
            await Roller.RollAsync(host, hour, ct);
        }
    }

    public async Task<long> CountAsync(string table, CancellationToken ct) =>
        (await Database.QueryAsync("SELECT COUNT(*) FROM " + table, row => row.GetInt64(0), ct)).Single();

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _folder.Dispose();
    }
}
