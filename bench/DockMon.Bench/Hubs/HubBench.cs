using System.Globalization;
using DockMon.Hub;
using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>What a hub costs, with agents that are simulated in this process; with <c>--beside</c> another program of it in the same run.</summary>
internal sealed class HubBench(Arguments arguments)
{
    // The runtime's own, and the connections of those who send commands.
    private const int SpareDescriptors = 200;

    private readonly HubLoad _load = new(
        arguments.Number("agents", 1000),
        arguments.Number("containers", 10),
        Math.Min(arguments.Number("sources", 64), 250),
        arguments.Number("callers", 16),
        arguments.Number("senders", 100),
        TimeSpan.FromSeconds(arguments.Number("settle", 30)),
        TimeSpan.FromSeconds(arguments.Number("seconds", 60)),
        TimeSpan.FromSeconds(arguments.Number("burst", 10)));

    private readonly int _hubs = arguments.Number("hubs", 1);
    private readonly string _database = arguments.Text("database") ?? "";
    private readonly string? _beside = arguments.Text("beside");
    private readonly string? _at = arguments.Text("at");
    private readonly string? _key = arguments.Text("key");

    private static bool HasDatabase => Environment.GetEnvironmentVariable("HUB_DATABASE") is { Length: > 0 };

    // Several hubs are one fleet by their database.
    private bool NeedsPostgres => !HasDatabase && (_database == "postgres" || (_hubs > 1 && _at is null));

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        if (_database is not ("" or "sqlite" or "postgres") || (_database == "sqlite" && _hubs > 1))
        {
            throw new UsageException("--database is sqlite or postgres; several hubs need postgres");
        }

        if (DescriptorLimit.Raise() is var most && most < (ulong)_load.Agents + SpareDescriptors)
        {
            throw new UsageException(
                $"this process may have {most} file descriptors, too few for {_load.Agents} agents: raise the limit (ulimit -n), or take fewer agents");
        }

        var time = TimeProvider.System;
        var measured = new List<HubMeasurement>();
        try
        {
            foreach (var hub in await StartAsync(ct))
            {
                measured.Add(new HubMeasurement(hub, _load, time));
            }

            // What is counted in processor time is done at once, so that whatever else the machine does falls on all alike. The rest is done in turn.
            Workbench.Say($"{_load.Agents} agents register");
            await Task.WhenAll(measured.Select(one => one.RegisterAsync(ct)));
            Workbench.Say($"samples of {_load.Containers} containers each, for {_load.Stream.TotalSeconds:0} s");
            await Task.WhenAll(measured.Select(one => one.StreamAsync(ct)));
            foreach (var one in measured)
            {
                Workbench.Say($"events, commands and cut connections: {one.Name}");
                await one.SendEventsAsync(ct);
                await one.CommandAsync(ct);
                await one.StormAsync(ct);
            }

            await Console.Out.WriteLineAsync(await WriteAsync(measured, ct));
        }
        finally
        {
            foreach (var one in measured)
            {
                await one.DisposeAsync();
            }
        }
    }

    private async Task<IReadOnlyList<HubUnderTest>> StartAsync(CancellationToken ct)
    {
        if (_at is not null)
        {
            return _key is null || _beside is not null ? throw new UsageException("--at needs the hubs' admin key as --key, and has nothing beside it")
                : [HubUnderTest.At([.. _at.Split(',').Select(address => new Uri(address))], _key)];
        }

        if (_beside is not null && HasDatabase)
        {
            throw new UsageException("--beside would use the database of HUB_DATABASE twice: measure one after the other, each with an empty database");
        }

        var hub = await HubUnderTest.StartAsync("hub", HubProcess.Path, _hubs, NeedsPostgres, ct);
        return _beside is null ? [hub] : [hub, await HubUnderTest.StartAsync("beside", _beside, _hubs, NeedsPostgres, ct)];
    }

    private async Task<string> WriteAsync(List<HubMeasurement> measured, CancellationToken ct)
    {
        var table = measured.Count == 1 ? new Table("", "hub") : new Table("", "hub", "beside", "ratio");
        foreach (var (i, (name, value)) in measured[0].Values.Index())
        {
            if (measured.Count == 1)
            {
                table.Add(name, Figures.Show(value));
            }
            else
            {
                var other = measured[1].Values[i].Value;
                table.Add(name, Figures.Show(value), Figures.Show(other), Figures.Ratio(value, other));
            }
        }

        var database = NeedsPostgres ? "PostgreSQL" : HasDatabase ? "the database of HUB_DATABASE" : "SQLite";
        var machine = await MachineDescription.WriteAsync(ct);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"### {_load.Agents} agents with {_load.Containers} containers each, {(_at is null ? _hubs : _at.Split(',').Length)} hub(s) on {database}, "
            + $"{_load.Stream.TotalSeconds:0} s of samples\n\n{machine}\n{table}");
    }
}
