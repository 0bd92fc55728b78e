using System.Globalization;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>
/// What an agent allocates for a command that comes over the wire, beside another build of it. Both run on the just-in-time runtime, which can be
/// asked: allocations are those of the native program.
/// </summary>
internal sealed class Allocations(Workbench bench, Arguments arguments)
{
    /// <summary>Variable that names the file for what <see cref="StartupHook"/> writes.</summary>
    public const string FileVariable = "DOCKMON_BENCH_ALLOCATED";

    // Seconds: the host's figures come every other one.
    private const int IdleSlice = 2;

    // To know what looking costs.
    private const int LookTwice = 9;

    private readonly int _containers = arguments.Number("containers", 10);
    private readonly int _times = arguments.Number("times", 200, least: 10);
    private readonly int _stops = arguments.Number("stops", 20);
    private readonly int _seconds = arguments.Number("seconds", 20, least: IdleSlice);
    private readonly int _rounds = arguments.Number("rounds", 3);
    private readonly int _settle = arguments.Number("settle", 10, least: 0);
    private readonly IReadOnlyList<string> _agents = arguments.Text("beside") is { } other ? [AgentProcess.Path, other] : [AgentProcess.Path];

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        await bench.WriteMachineAsync(ct);
        Workbench.Say($"starting {_containers} containers");
        var ids = await bench.RunIdleAsync(_containers, ct);
        var measured = _agents.Select(_ => new Dictionary<string, List<double>>(StringComparer.Ordinal)).ToArray();
        for (var round = 1; round <= _rounds; round++)
        {
            foreach (var i in Watch.InOrder([.. Enumerable.Range(0, _agents.Count)], round))
            {
                Workbench.Say($"round {round} of {_rounds}: {_agents[i]}");
                void Add(string name, double bytes) => (measured[i].TryGetValue(name, out var all) ? all : measured[i][name] = []).Add(bytes);
                await MeasureAsync(_agents[i], ids, Add, ct);
            }
        }

        await bench.Results.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"### Allocated, {_containers} containers, KiB; medians of {_rounds}\n\n{Write(measured)}"));
    }

    private static Table Write(Dictionary<string, List<double>>[] measured)
    {
        var table = measured.Length == 1 ? new Table("", "agent", "each") : new Table("", "agent", "beside", "ratio", "each", "each beside");
        foreach (var name in measured[0].Keys)
        {
            var kib = measured.Select(of => of[name].Select(bytes => bytes / 1024).ToArray()).ToArray();
            var medians = kib.Select(Figures.Median).ToArray();
            table.Add(
            [
                name,
                .. medians.Select(Figures.Show),
                .. medians.Skip(1).Select(other => Figures.Ratio(medians[0], other)),
                .. kib.Select(values => string.Join(", ", values.Select(Figures.Show))),
            ]);
        }

        return table;
    }

    private async Task MeasureAsync(string agent, IReadOnlyList<string> ids, Action<string, double> add, CancellationToken ct)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "allocated");
        var contestant = new Contestant(agent, ["dotnet", agent], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["STATS_SOURCE"] = "kernel",
            ["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "dockmon-bench.dll"),
            [FileVariable] = file,
        });
        await using var session = await Session.StartAsync(contestant, bench.Time, ct);
        var stopped = ids[0];
        (string Name, int Times, int Slice, Func<Task> Command)[] commands =
        [
            (OperationActions.Inspect, _times, 10, () => session.OperateAsync(OperationActions.Inspect, ids[^1], ct)),
            (CommandNames.ListContainers, _times, 10, () => session.CommandAsync(CommandNames.ListContainers, "{}", ct)),
            ("stop and start", _stops, 1, async () =>
            {
                await session.OperateAsync(OperationActions.Stop, stopped, ct);
                await session.OperateAsync(OperationActions.Start, stopped, ct);
            }),
        ];
        await bench.WaitAsync(_settle, ct);
        var reading = await MedianAsync(LookTwice, () => Task.CompletedTask, 0);
        var idle = await MedianAsync(_seconds / IdleSlice, () => bench.WaitAsync(IdleSlice, ct), reading) / IdleSlice;
        add("a second without commands", idle);
        foreach (var (name, times, slice, command) in commands)
        {
            await RepeatAsync(command, slice);
            add(name, await MedianAsync(times / slice, () => RepeatAsync(command, slice), reading, idle) / slice);
        }

        // The median of many short times: what else happens on the engine meanwhile, such as containers of others, is in some of them.
        async Task<double> MedianAsync(int slices, Func<Task> work, double reading, double aSecond = 0)
        {
            var all = new List<double>();
            for (var i = 0; i < slices; i++)
            {
                var before = await ReadAsync(session.Agent, file, ct);
                var started = bench.Time.GetTimestamp();
                await work();
                var bytes = await ReadAsync(session.Agent, file, ct) - before;
                all.Add(bytes - reading - (aSecond * bench.Time.GetElapsedTime(started).TotalSeconds));
            }

            return Figures.Median(all);
        }
    }

    private static async Task RepeatAsync(Func<Task> command, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await command();
        }
    }

    private static async Task<long> ReadAsync(ProgramProcess agent, string file, CancellationToken ct)
    {
        File.Delete(file);
        agent.SignalUser1();
        var text = await Retry.FindAsync(
            "the agent says what it has allocated",
            async () => File.Exists(file) ? await File.ReadAllTextAsync(file, ct) : null,
            ct: ct);
        return long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
