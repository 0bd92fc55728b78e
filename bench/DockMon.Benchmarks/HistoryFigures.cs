using System.Globalization;
using System.Text;
using DockMon.Hub;
using DockMon.Hub.History;
using DockMon.Hub.History.Live;
using DockMon.Hub.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Benchmarks;

/// <summary>
/// What statistics take: a day of samples of one host, one a second, through memory, journal and blocks of a database. Of ten containers one is busy, three
/// work a little and the others wait.
/// </summary>
internal static class HistoryFigures
{
    private const int Containers = 30;
    private const int Seconds = 24 * 3600;
    private const string HostId = "00000000-0000-0000-0000-000000000000";

    public static async Task WriteAsync(TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("dockmon-history");
        try
        {
            await using var database = new Database(new HubOptions { DataPath = folder.FullName });
            await database.OpenAsync(CancellationToken.None);
            await database.ExecuteAsync(
                """
                INSERT INTO hosts (id, agent_id, token_hash, engine_id, hostname, registration, registered_at, last_seen)
                VALUES (@id, '', '', '', '', '{}', '', '')
                """,
                CancellationToken.None,
                ("@id", HostId));
            await MeasureAsync(database, output);
            await database.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)", CancellationToken.None);
            await output.WriteLineAsync($"database file: {new FileInfo(Path.Combine(folder.FullName, "hub.db")).Length / 1024} KiB");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(Database database, TextWriter output)
    {
        var time = new SetTime();
        var samples = new LiveSamples(time, NullLogger<LiveSamples>.Instance);
        var store = new HistoryStore(database, time, NullLogger<HistoryStore>.Instance);
        var journal = new HistoryJournal(samples, store, time, NullLogger<HistoryJournal>.Instance);
        var roller = new HistoryRoller(database, store, time, NullLogger<HistoryRoller>.Instance);
        var containers = Enumerable.Range(0, Containers).Select(i => new Container(i)).ToList();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var journaled = 0L;
        for (var second = 0; second < Seconds; second++)
        {
            foreach (var container in containers)
            {
                samples.Add(HostId, container.Next(time.Now), isHost: false);
            }

            time.Now += TimeSpan.FromSeconds(1);
            if (second % 300 == 299)
            {
                if (second == 3599)
                {
                    var memory = (GC.GetTotalMemory(forceFullCollection: true) - before) / Containers;
                    await output.WriteLineAsync($"memory: {memory} bytes a container, with five minutes of samples and five of minutes");
                    samples.Find(HostId)!.ForEach(0, series => output.WriteLine($"  samples of {series.Name}: {series.Bytes} bytes"));
                }

                await journal.WriteAsync(0, 1, CancellationToken.None);
                journaled += await SumAsync("SELECT LENGTH(block) FROM stats_journal WHERE id = (SELECT MAX(id) FROM stats_journal)");
            }

            if (second % 3600 == 360)
            {
                foreach (var (host, hour) in await store.JournaledHoursAsync(time.Now.ToUnixTimeSeconds() - 3600, CancellationToken.None))
                {
                    await roller.RollAsync(host, hour, CancellationToken.None);
                }
            }
        }

        var hours = Seconds / 3600;
        await roller.RollAsync(HostId, time.Now.ToUnixTimeSeconds() - 3600, CancellationToken.None);
        await output.WriteLineAsync($"journal: {journaled / Containers} bytes a container and day, deleted each hour");
        foreach (var tier in Tier.All)
        {
            var bytes = await SumAsync($"SELECT SUM(LENGTH(block)) FROM stats_blocks WHERE tier = {tier.Id}");
            var rows = await SumAsync($"SELECT COUNT(*) FROM stats_blocks WHERE tier = {tier.Id}");
            await output.WriteLineAsync($"tier {tier.Name}: {bytes / Containers} bytes in {rows / Containers} rows a container and {hours} hours");
        }

        async Task<long> SumAsync(string sql) => (await database.QueryAsync(sql, row => row.GetInt64(0), CancellationToken.None)).Single();
    }

    /// <summary>A container with figures that vary as real ones do: more the busier it is.</summary>
    private sealed class Container(int index)
    {
        private readonly Random _random = new(index);
        private readonly int _load = (index % 10) switch { 0 => 2, < 4 => 1, _ => 0 };
        private double _memory = 50e6 * (1 + (index % 7));
        private long _received, _sent, _read, _written;

        public byte[] Next(DateTimeOffset now)
        {
            var burst = _random.NextDouble() < 0.05 ? 10 : 1;
            var cpu = _load switch { 2 => 60 * _random.NextDouble() * burst, 1 => 3 * _random.NextDouble() * burst, _ => _random.Next(20) == 0 ? 0.1 : 0 };
            _memory = Math.Clamp(_memory * (1 + (_load * 0.0005 * (_random.NextDouble() - 0.5))), 1e7, 2e9);
            if (_load > 0 || _random.Next(60) == 0)
            {
                _received += (long)(_load * 20_000 * _random.NextDouble() * burst) + 60;
                _sent += (long)(_load * 60_000 * _random.NextDouble() * burst);
                _written += _load > 0 && _random.Next(10) == 0 ? 4096L * _random.Next(1, 50 * _load) : 0;
                _read += _load == 2 && _random.Next(30) == 0 ? 4096L * _random.Next(1, 100) : 0;
            }

            return Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                {"container_id":"{{index:x64}}","container_name":"/project-service-{{index}}","cpu_percent":{{cpu:0.#}},
                "memory_usage":{{(long)_memory / 4096 * 4096}},
                "memory_limit":8589934592,"memory_percent":{{_memory / 85899345.92:0.##}},"network_rx":{{_received}},"network_tx":{{_sent}},
                "disk_read":{{_read}},"disk_write":{{_written}},"timestamp":"{{now:yyyy-MM-ddTHH:mm:ssZ}}"}
                """));
        }
    }
}
