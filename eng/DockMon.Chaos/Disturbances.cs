namespace DockMon.Chaos;

/// <summary>Something that goes wrong, and is over when its task ends.</summary>
/// <param name="Name">What happens.</param>
/// <param name="RunAsync">Does it to a hub, or to what all hubs share.</param>
internal sealed record Disturbance(string Name, Func<int, Task> RunAsync);

/// <summary>All that goes wrong, in turn.</summary>
/// <param name="servers">Whom it happens to.</param>
/// <param name="network">What can be cut.</param>
/// <param name="untilBack">Waits until all agents are back, while a hub is still cut off.</param>
/// <param name="time">Clock.</param>
internal sealed class Disturbances(Servers servers, Network network, Func<int, Task> untilBack, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(4);

    // Longer than the hubs take to notice, and than an event waits for the database.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(25);

    public IReadOnlyList<Disturbance> All =>
    [
        new("kill -9 of a hub", async hub =>
        {
            await servers.KillHubAsync(hub);
            await WaitAsync(Pause);
            await servers.StartHubAsync(hub, CancellationToken.None);
        }),
        new("kill -9 of NATS", async _ =>
        {
            await servers.KillNatsAsync();
            await WaitAsync(Pause);
            await servers.StartNatsAsync(CancellationToken.None);
        }),
        new("kill -9 of PostgreSQL", async _ =>
        {
            await servers.KillPostgresAsync();
            await WaitAsync(Pause);
            await servers.StartPostgresAsync(CancellationToken.None);
        }),
        new("a hub stands still for 25 s", async hub =>
        {
            servers.Freeze(hub);
            await WaitAsync(Long);
            servers.Thaw(hub);
        }),
        new("rolling restart", async _ =>
        {
            for (var hub = 0; hub < Servers.Hubs; hub++)
            {
                await servers.StopHubAsync(hub, CancellationToken.None);
                await servers.StartHubAsync(hub, CancellationToken.None);
                await WaitAsync(TimeSpan.FromSeconds(2));
            }
        }),
        .. network.CanCut ? Partitions : [],
    ];

    private IEnumerable<Disturbance> Partitions =>
    [
        new("a hub is cut off from everything", async hub =>
        {
            await Network.CutAsync(hub);
            try
            {
                await untilBack(hub);
                await WaitAsync(Pause);
            }
            finally
            {
                await Network.JoinAsync(hub);
            }
        }),
        new("a hub is cut off from NATS for 25 s", hub => DropAsync(hub, network.NatsHost)),
        new("a hub is cut off from PostgreSQL for 25 s", hub => DropAsync(hub, network.PostgresHost)),
    ];

    private async Task DropAsync(int hub, string address)
    {
        await network.DropAsync(hub, address);
        try
        {
            await WaitAsync(Long);
        }
        finally
        {
            await network.AllowAsync(hub, address);
        }
    }

    private Task WaitAsync(TimeSpan duration) => Task.Delay(duration, time);
}
