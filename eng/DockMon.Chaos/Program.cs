using System.Globalization;
using System.Runtime.InteropServices;
using DockMon.Chaos;
using DockMon.Testing;

// eng/chaos: MINUTES AGENTS ONLY
var (minutes, count, only) = (int.Parse(args[0], CultureInfo.InvariantCulture), int.Parse(args[1], CultureInfo.InvariantCulture), args[2]);
var time = TimeProvider.System;
var duration = TimeSpan.FromMinutes(minutes);
var results = new Results();
using var interrupted = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}

using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var network = new Network(Environment.GetEnvironmentVariable("DOCKMON_CHAOS_NETWORK") is { Length: > 0 } name ? name : null);
using var data = new TemporaryFolder();
await using var servers = new Servers(data, network);
await servers.StartAsync(interrupted.Token);
using var api = new HubApi(servers.Addresses);
var token = await api.NewTokenAsync(count, interrupted.Token);

// A hub keeps 10,000 events of a host, and at the end all of them are looked for.
var pace = TimeSpan.FromMilliseconds(Math.Max(500, duration.TotalMilliseconds / 9000));
using var ended = new CancellationTokenSource();
List<SimulatedAgent> agents = [.. Enumerable.Range(1, count)
    .Select(i => new SimulatedAgent(i, token, servers.Addresses, results.Executions, new Random(i)) { Pace = pace })];
List<Task> running = [.. agents.Select(agent => agent.RunAsync(ended.Token))];

var run = new ChaosRun(servers, api, agents, results, time);
List<Disturbance> disturbances = [.. new Disturbances(servers, network, hub => run.UntilBackAsync(hub), time).All
    .Where(disturbance => disturbance.Name.Contains(only, StringComparison.OrdinalIgnoreCase))];
if (disturbances.Count == 0)
{
    await Console.Error.WriteLineAsync(
        $"nothing of what is done here has \"{only}\" in its name{(network.CanCut ? "" : " (without root nothing is cut off)")}");
    return 2;
}

try
{
    await run.RunAsync(disturbances, duration, interrupted.Token);
    await run.CheckEventsAsync();
}
catch (Exception e)
{
    // The summary of what was seen so far is worth something, too.
    results.Broke(e.ToString());
}

await Console.Out.WriteLineAsync(results.Write(string.Create(
    CultureInfo.InvariantCulture,
    $"{count} agents, {run.Elapsed.TotalMinutes:0.0} minutes, {agents.Sum(agent => agent.Connections)} connections, "
    + $"{(network.CanCut ? "hubs in network namespaces" : "no partitions: they need root")}, {Environment.ProcessorCount} processors, "
    + $"load average {File.ReadAllText("/proc/loadavg").Split(' ')[1]}")));
if (!results.AreGood)
{
    await Console.Out.WriteLineAsync(string.Join('\n', servers.Tails()));
}

await ended.CancelAsync();
await Task.WhenAll(running);
return results.AreGood ? 0 : 1;
