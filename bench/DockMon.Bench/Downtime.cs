using System.Globalization;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>How long a container is away while it is updated, beside stopping and starting it by hand. Its program ends at once when told to.</summary>
internal sealed class Downtime(Workbench bench, Arguments arguments)
{
    private const string Name = "dockmon-bench-downtime";
    private static readonly TimeSpan UpdateLimit = TimeSpan.FromMinutes(3);

    private readonly int _times = arguments.Number("times", 10);
    private readonly Contestant _contestant = Contestant.ChooseOne(arguments);

    public async Task RunAsync(CancellationToken ct)
    {
        arguments.Done();
        await bench.WriteMachineAsync(ct);
        await TestImage.EnsureOnAsync(bench.Docker, ct);
        await using var registry = await LocalRegistry.StartAsync(ct);
        string[] images = [
            await registry.PublishAsync(bench.Docker, "bench:1", ["LABEL image.version=1"], ct),
            await registry.PublishAsync(bench.Docker, "bench:2", ["LABEL image.version=2"], ct)
        ];
        try
        {
            await MeasureAsync(images, ct);
        }
        finally
        {
            await bench.Docker.TryRunAsync(["rm", "-f", "-v", Name], CancellationToken.None);
            await bench.Docker.TryRunAsync(["rmi", "-f", .. images], CancellationToken.None);
        }
    }

    private async Task MeasureAsync(string[] images, CancellationToken ct)
    {
        // One that an interrupted run left behind.
        await bench.Docker.TryRunAsync(["rm", "-f", "-v", Name], ct);
        await bench.Docker.RunAsync(["run", "-d", "--init", "--name", Name, "--label", Workbench.Label, images[0], "sleep", "100000000"], ct);
        await using var session = await Session.StartAsync(_contestant, bench.Time, ct);
        await using var events = await ContainerEvents.WatchAsync(bench.Engine, ct);
        var (byCommand, byRequest, byUpdate) = (new List<Absence>(), new List<Absence>(), new List<Absence>());
        for (var i = 1; i <= _times; i++)
        {
            Workbench.Say($"{i} of {_times}");
            byCommand.Add(await TimeAsync(events, async () =>
            {
                await bench.Docker.RunAsync(["stop", Name], ct);
                await bench.Docker.RunAsync(["start", Name], ct);
            }, ct));
            byRequest.Add(await TimeAsync(events, async () =>
            {
                await bench.Engine.StopContainerAsync(Name, 10, ct);
                await bench.Engine.StartContainerAsync(Name, ct);
            }, ct));
            byUpdate.Add(await TimeAsync(events, () => UpdateAsync(session, images[i % 2], ct), ct));
        }

        var table = new Table("", "times", "away ms", "ratio", "shortest", "longest", "all of it ms");
        Add(table, "docker stop, docker start", byCommand, byCommand);
        Add(table, "the same as API requests", byRequest, byCommand);
        Add(table, "update", byUpdate, byCommand);
        await bench.Results.WriteLineAsync(
            $"### A container's downtime, agent {_contestant.Name}; medians, from its die to its next start by the engine's clock\n\n{table}");
    }

    private async Task<Absence> TimeAsync(ContainerEvents events, Func<Task> work, CancellationToken ct)
    {
        var old = await IdAsync(ct);
        var started = bench.Time.GetTimestamp();
        await work();
        var wall = bench.Time.GetElapsedTime(started);
        var nanoseconds = await events.BetweenAsync(old, "die", await IdAsync(ct), "start", ct);
        return new Absence(nanoseconds / 1e6, wall.TotalMilliseconds);
    }

    private async Task<string> IdAsync(CancellationToken ct) => (await bench.Docker.RunAsync(["inspect", "-f", "{{.Id}}", Name], ct)).Trim();

    private async Task UpdateAsync(Session session, string image, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(UpdateLimit);
        await using var feed = session.Client.FollowAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        // The stream is asked for before the update is; the update takes seconds.
        var next = feed.MoveNextAsync();
        var id = new ContainerId(await IdAsync(ct)).Short;
        await session.CommandAsync(CommandNames.UpdateContainer, $$"""{"container_id":"{{id}}","new_image":"{{image}}"}""", ct);
        while (await next)
        {
            var item = feed.Current;
            if (item.Name == EventNames.UpdateComplete)
            {
                return;
            }

            if (item.Name == EventNames.UpdateProgress && item.Data.GetProperty("stage").GetString() is UpdateStages.Failed or UpdateStages.Rollback)
            {
                throw new InvalidOperationException($"the update failed: {item.Data}{Environment.NewLine}{session.Agent.Tail()}");
            }

            next = feed.MoveNextAsync();
        }

        throw new InvalidOperationException("the hub ended its stream in the middle of an update");
    }

    private static void Add(Table table, string name, List<Absence> measured, List<Absence> reference)
    {
        var away = measured.Select(one => one.Away).ToList();
        table.Add(
            name,
            measured.Count.ToString(CultureInfo.InvariantCulture),
            Figures.Show(Figures.Median(away)),
            Figures.Ratio(Figures.Median(away), Figures.Median(reference.Select(one => one.Away))),
            Figures.Show(away.Min()), Figures.Show(away.Max()), Figures.Show(Figures.Median(measured.Select(one => one.Wall))));
    }

    /// <summary>Milliseconds without the container, and those of the whole procedure.</summary>
    private sealed record Absence(double Away, double Wall);
}
