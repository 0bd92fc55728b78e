using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DockMon.Chaos;
using DockMon.Hub.Access.Roles;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;
using DockMon.Testing;

// eng/chaos SECONDS AGENTS
var (duration, count) = (TimeSpan.FromSeconds(int.Parse(args[0], CultureInfo.InvariantCulture)), int.Parse(args[1], CultureInfo.InvariantCulture));
var ct = CancellationToken.None;
var output = Console.Out;
using var data = new TemporaryFolder();
await using var servers = new Servers(data);
await servers.StartAsync(ct);

using var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(40) };
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Servers.AdminKey);
string Url(int hub, string path) => $"http://127.0.0.1:{servers.Ports[hub]}{path}";
async Task<JsonElement> GetAsync(int hub, string path) => JsonElement.Parse(await http.GetStringAsync(Url(hub, path), ct));

using var created = await http.PostAsync(Url(0, "/api/tokens"), new StringContent($$"""{"max_uses":{{count}}}""", Encoding.UTF8, "application/json"), ct);
var token = JsonElement.Parse(await created.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ct)).GetProperty("token").GetString()!;
var executions = new ConcurrentDictionary<long, int>();
using var stopAgents = new CancellationTokenSource();
var agents = Enumerable.Range(1, count).Select(i => new SimulatedAgent(i, token, servers.Ports, executions, new Random(i))).ToList();
var running = agents.Select(agent => agent.RunAsync(stopAgents.Token)).ToList();

var clock = TimeProvider.System;
var began = clock.GetTimestamp();
var outcomes = new ConcurrentDictionary<long, string>();
var number = 0L;
using var stopClients = new CancellationTokenSource();

async Task<TimeSpan> UntilAllConnectedAsync()
{
    var since = clock.GetTimestamp();
    await Retry.UntilAsync("every hub sees every agent", async () =>
    {
        for (var hub = 0; hub < servers.Ports.Count; hub++)
        {
            if ((await GetAsync(hub, "/api/hosts")).EnumerateArray().Count(host => host.GetProperty("connected").GetBoolean()) != count)
            {
                return false;
            }
        }

        return true;
    }, TimeSpan.FromMinutes(3), ct);
    return clock.GetElapsedTime(since);
}

async Task ClientAsync(Random random)
{
    while (!stopClients.IsCancellationRequested)
    {
        var n = Interlocked.Increment(ref number);
        var agent = agents[random.Next(count)];
        try
        {
            var body = new StringContent($$"""{"command":"{{CommandNames.PruneImages}}","payload":{"n":{{n}}} }""", Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(Url(random.Next(3), $"/api/hosts/{agent.HostId}/command?timeout_seconds=20"), body, ct);
            outcomes[n] = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            outcomes[n] = "no answer";
        }

        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20, 120)), clock, ct);
    }
}

await output.WriteLineAsync($"first all connected after {(await UntilAllConnectedAsync()).TotalSeconds:0.0} s");
var clients = Enumerable.Range(1, 6).Select(i => ClientAsync(new Random(i))).ToList();
var pause = TimeSpan.FromSeconds(4);
var disturbances = new (string Name, Func<int, Task> Run)[]
{
    ("kill -9 of a hub", async round =>
    {
        await servers.KillHubAsync(round % 3);
        await Task.Delay(pause, clock, ct);
        await servers.StartHubAsync(round % 3, ct);
    }),
    ("kill -9 of NATS", async _ =>
    {
        await servers.KillNatsAsync();
        await Task.Delay(pause, clock, ct);
        await servers.StartNatsAsync(ct);
    }),
    ("kill -9 of PostgreSQL", async _ =>
    {
        await servers.KillPostgresAsync();
        await Task.Delay(pause, clock, ct);
        await servers.StartPostgresAsync(ct);
    }),
    ("a hub stands still for 25 s", async round =>
    {
        servers.Freeze((round + 1) % 3);
        await Task.Delay(TimeSpan.FromSeconds(25), clock, ct);
        servers.Thaw((round + 1) % 3);
    }),
    ("rolling restart", async _ =>
    {
        for (var hub = 0; hub < 3; hub++)
        {
            await servers.StopHubAsync(hub, ct);
            await servers.StartHubAsync(hub, ct);
            await Task.Delay(TimeSpan.FromSeconds(2), clock, ct);
        }
    }),
};
var worst = disturbances.ToDictionary(d => d.Name, _ => (Times: 0, Worst: TimeSpan.Zero));
var failed = new List<string>();
for (var i = 0; clock.GetElapsedTime(began) < duration; i++)
{
    var (name, run) = disturbances[i % disturbances.Length];
    await run(i / disturbances.Length);
    try
    {
        var back = await UntilAllConnectedAsync();
        worst[name] = (worst[name].Times + 1, back > worst[name].Worst ? back : worst[name].Worst);
        await output.WriteLineAsync($"{clock.GetElapsedTime(began):mm\\:ss} {name}: all back after {back.TotalSeconds:0.0} s");
        if (back > TimeSpan.FromMinutes(1))
        {
            failed.Add($"{name}: agents were back after {back.TotalSeconds:0} s only");
        }
    }
    catch (TimeoutException e)
    {
        failed.Add($"{name}: {e.Message}");
        break;
    }
}

await stopClients.CancelAsync();
await Task.WhenAll(clients);
agents.ForEach(agent => agent.IsQuiet = true);
await Retry.UntilAsync("all events are confirmed", () => agents.All(agent => agent.Unconfirmed == 0), TimeSpan.FromMinutes(2), ct);

var lost = 0L;
foreach (var agent in agents)
{
    var stored = (await GetAsync(0, $"/api/hosts/{agent.HostId}/events?limit=10000")).EnumerateArray()
        .Select(e => e.GetProperty("container_id").GetString()!).ToHashSet(StringComparer.Ordinal);
    lost += Enumerable.Range(1, (int)agent.Events).Count(e => !stored.Contains(e.ToString("x12", CultureInfo.InvariantCulture)));
}

int Executed(long n) => executions.GetValueOrDefault(n);
var twice = outcomes.Keys.Count(n => Executed(n) > 1);
var wrong = outcomes.Count(outcome => outcome.Value == "200" && Executed(outcome.Key) != 1);
var denied = outcomes.Count(outcome => outcome.Value is "409" or "503" && Executed(outcome.Key) != 0);
await output.WriteLineAsync(
    $"\n{count} agents, {clock.GetElapsedTime(began).TotalMinutes:0.0} minutes, {agents.Sum(agent => agent.Connections)} connections\n");
await output.WriteLineAsync("| what happened | times | the slowest return of all agents |\n| --- | ---: | ---: |");
foreach (var (name, (times, slowest)) in worst)
{
    await output.WriteLineAsync($"| {name} | {times} | {slowest.TotalSeconds:0.0} s |");
}

await output.WriteLineAsync("\n| commands answered with | number | executed |\n| --- | ---: | ---: |");
foreach (var group in outcomes.GroupBy(outcome => outcome.Value).OrderBy(group => group.Key, StringComparer.Ordinal))
{
    await output.WriteLineAsync($"| {group.Key} | {group.Count()} | {group.Count(outcome => Executed(outcome.Key) > 0)} |");
}

await output.WriteLineAsync("\n| invariant | violations |\n| --- | ---: |");
foreach (var (invariant, violations) in new (string, long)[]
{
    ("no command is executed twice", twice), ("what was answered was executed", wrong), ("what was refused was not executed", denied),
    ($"no event is lost (of {agents.Sum(agent => agent.Events)})", lost), ("all agents are back within a minute", failed.Count),
})
{
    await output.WriteLineAsync($"| {invariant} | {violations} |");
}

foreach (var text in failed)
{
    await output.WriteLineAsync(text);
}

await stopAgents.CancelAsync();
await Task.WhenAll(running);
if (twice + wrong + denied + lost + failed.Count == 0)
{
    return 0;
}

foreach (var tail in servers.Tails())
{
    await output.WriteLineAsync(tail);
}

return 1;
