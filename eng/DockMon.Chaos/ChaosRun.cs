using System.Globalization;
using DockMon.Testing;

namespace DockMon.Chaos;

/// <summary>One disturbance after the other, for a time, and what is checked meanwhile and afterwards.</summary>
internal sealed class ChaosRun(Servers servers, HubApi api, IReadOnlyList<SimulatedAgent> agents, Results results, TimeProvider time)
{
    private const int Users = 6;

    // Far more than the minute that is promised: what takes longer is told, and the run goes on.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly long _began = time.GetTimestamp();
    private string _current = "start";
    private long _commands;

    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Disturbs until the time is over or somebody wants it to end.</summary>
    public async Task RunAsync(IReadOnlyList<Disturbance> disturbances, TimeSpan duration, CancellationToken ct)
    {
        await UntilBackAsync(without: null);
        using var ended = new CancellationTokenSource();
        var users = Enumerable.Range(1, Users).Select(i => UseAsync(new Random(i), ended.Token)).ToList();
        for (var i = 0; Elapsed < duration && !ct.IsCancellationRequested; i++)
        {
            var disturbance = disturbances[i % disturbances.Count];

            // The hub with the most agents: after a rolling restart another may have none.
            var hub = Enumerable.Range(0, Servers.Hubs).MaxBy(hub => agents.Count(agent => agent.Hub == hub));
            await DisturbAsync(disturbance, hub);
        }

        await ended.CancelAsync();
        await Task.WhenAll(users);
    }

    /// <summary>Waits until every agent is connected to a hub, which is its only one, and every hub knows.</summary>
    /// <param name="without">A hub that is cut off.</param>
    public async Task UntilBackAsync(int? without)
    {
        var since = time.GetTimestamp();
        int[] reached = [.. Enumerable.Range(0, Servers.Hubs).Where(hub => hub != without)];
        try
        {
            await Retry.UntilAsync(
                "every agent is connected",
                async () =>
                {
                    var all = agents.All(agent => agent.Hub is { } hub && hub != without);
                    for (var i = 0; i < reached.Length && all; i++)
                    {
                        all = await api.ConnectedAsync(reached[i], CancellationToken.None) == agents.Count;
                    }

                    return all;
                },
                Patience);
            var duration = time.GetElapsedTime(since);
            results.Returned(_current + (without is null ? "" : " (while it is)"), duration);
            await SayAsync($"all back after {duration.TotalSeconds:0.0} s{(without is null ? "" : ", on the other hubs")}");
        }
        catch (TimeoutException e)
        {
            results.NotReturned(_current, e.Message);
            await SayAsync(e.Message);
            return;
        }

        await CheckOwnersAsync(reached);
    }

    /// <summary>Waits until the hubs have confirmed all events, and looks for each.</summary>
    public async Task CheckEventsAsync()
    {
        foreach (var agent in agents)
        {
            agent.IsQuiet = true;
        }

        try
        {
            await Retry.UntilAsync("all events are confirmed", () => agents.All(agent => agent.Unconfirmed == 0), Patience);
        }
        catch (TimeoutException e)
        {
            results.Broke(e.Message);
        }

        foreach (var agent in agents)
        {
            var stored = await api.EventsAsync(agent.HostId, CancellationToken.None);
            var numbers = stored.ToHashSet();
            results.Events += agent.Events;
            results.DoubleEvents += stored.Count - numbers.Count;
            results.LostEvents += Enumerable.Range(1, (int)agent.Events).Count(number => !numbers.Contains(number));
        }
    }

    private async Task DisturbAsync(Disturbance disturbance, int hub)
    {
        _current = disturbance.Name;
        try
        {
            await disturbance.RunAsync(hub);
            foreach (var ended in await servers.RestartEndedHubsAsync(CancellationToken.None))
            {
                results.Broke($"{_current}: {ended}");
            }
        }
        catch (Exception e)
        {
            // Whatever it is, the hour goes on, and the summary tells of it.
            results.Broke($"{_current}: {e.Message}");
            await SayAsync(e.Message);
        }

        await UntilBackAsync(without: null);
    }

    /// <summary>Checks that each agent is connected to one hub. One that it has left may take a moment to see it.</summary>
    private async Task CheckOwnersAsync(int[] hubs)
    {
        var wrong = new List<string>();
        try
        {
            await Retry.UntilAsync(
                "each agent is connected to one hub",
                async () =>
                {
                    var owned = new List<string>();
                    foreach (var hub in hubs)
                    {
                        owned.AddRange(await api.OwnAsync(hub, CancellationToken.None));
                    }

                    var owners = owned.CountBy(host => host, StringComparer.Ordinal).ToDictionary();
                    wrong = [.. agents.Select(agent => agent.HostId).Where(host => owners.GetValueOrDefault(host) != 1)
                        .Select(host => $"{host} has {owners.GetValueOrDefault(host)}")];
                    return wrong.Count == 0;
                },
                TimeSpan.FromMinutes(1));
        }
        catch (TimeoutException)
        {
            results.WrongOwners(_current, string.Join(", ", wrong));
        }
    }

    private async Task UseAsync(Random random, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _commands);
            var hub = random.Next(Servers.Hubs);
            var (status, body) = await api.CommandAsync(hub, agents[random.Next(agents.Count)].HostId, number, CancellationToken.None);
            results.Outcomes[number] = status;
            if (status == "500")
            {
                // What is in the log of the hub now tells why; at the end of the hour it has long gone by.
                await SayAsync($"command {number} was answered with 500 by hub {hub + 1}: {body}\n{servers.Tail(hub, 60)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 120)), time, CancellationToken.None);
        }
    }

    private Task SayAsync(string text) =>
        Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{(int)Elapsed.TotalMinutes:00}:{Elapsed:ss} {_current}: {text}"));
}
