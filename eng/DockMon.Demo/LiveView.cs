using System.Globalization;
using System.Text;
using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Demo;

/// <summary>The host, its containers with live CPU and memory, and events as they come, until somebody stops it.</summary>
internal sealed class LiveView(Stage stage, TextWriter output)
{
    private const int EventLines = 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, JsonElement> _stats = new(StringComparer.Ordinal);
    private readonly Queue<string> _events = new();

    public async Task RunAsync(CancellationToken ct)
    {
        var following = FollowAsync(ct);
        using var timer = new PeriodicTimer(Console.IsOutputRedirected ? TimeSpan.FromSeconds(10) : TimeSpan.FromSeconds(1));
        do
        {
            var text = await RenderAsync(ct);
            await output.WriteAsync(Console.IsOutputRedirected ? text : "\e[H\e[J" + text);
            await output.FlushAsync(ct);
        }
        while (!following.IsCompleted && await timer.WaitForNextTickAsync(ct));
        await following;
    }

    private static string Size(long bytes) => bytes switch
    {
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024:0.0} MiB"),
    };

    private async Task FollowAsync(CancellationToken ct)
    {
        await foreach (var item in stage.Client.FollowAsync(ct))
        {
            lock (_gate)
            {
                if (item.Name == "container_stats")
                {
                    _stats[item.Data.GetProperty("container_id").GetString()!] = item.Data;
                }
                else if (item.Name == "container_event")
                {
                    var time = item.Data.GetProperty("timestamp").GetString()!;
                    _events.Enqueue(Visible.Blank($"  {time[..Math.Min(19, time.Length)]}  {item.Data.GetProperty("container_name").GetString(),-24} "
                        + $"{item.Data.GetProperty("action").GetString()}"));
                    while (_events.Count > EventLines)
                    {
                        _events.Dequeue();
                    }
                }
            }
        }
    }

    private async Task<string> RenderAsync(CancellationToken ct)
    {
        var host = (await stage.Client.GetAsync($"/api/hosts/{stage.HostId}", ct));
        var containers = await stage.Client.GetAsync($"/api/hosts/{stage.HostId}/containers", ct);
        var text = new StringBuilder();
        text.AppendLine(Visible.Blank(
            $"Host {host.GetProperty("hostname").GetString()}   connected: {(host.GetProperty("connected").GetBoolean() ? "yes" : "no")}   hub: {stage.Url}"));
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"  {"CONTAINER",-28} {"STATE",-10} {"CPU %",7} {"MEMORY",11}  STATUS");
        lock (_gate)
        {
            foreach (var container in containers.EnumerateArray())
            {
                var sample = _stats.TryGetValue(container.GetProperty("Id").GetString()!, out var found)
                    && container.GetProperty("State").GetString() == "running" ? found : default;
                var cpu = sample.ValueKind == JsonValueKind.Object
                    ? sample.GetProperty("cpu_percent").GetDouble().ToString("0.0", CultureInfo.InvariantCulture)
                    : "";
                var memory = sample.ValueKind == JsonValueKind.Object ? Size(sample.GetProperty("memory_usage").GetInt64()) : "";
                text.AppendLine(Visible.Blank($"  {container.GetProperty("Names")[0].GetString()!.TrimStart('/'),-28} "
                    + $"{container.GetProperty("State").GetString(),-10} {cpu,7} {memory,11}  {container.GetProperty("Status").GetString()}"));
            }

            text.AppendLine().AppendLine("Events").AppendLine(_events.Count == 0 ? "  none yet" : string.Join(Environment.NewLine, _events));
        }

        var header = $"-H 'Authorization: Bearer {stage.AdminKey}'";
        var containersUrl = $"{stage.Url}/api/hosts/{stage.HostId}/containers";
        return text.AppendLine().AppendLine("From another shell (Ctrl-C here ends it all):")
            .AppendLine(CultureInfo.InvariantCulture, $"  curl {header} -X POST {containersUrl}/{Stage.Web}/stop")
            .AppendLine(CultureInfo.InvariantCulture, $"  curl {header} -X POST {containersUrl}/{Stage.Web}/start")
            .AppendLine(CultureInfo.InvariantCulture, $"  curl {header} '{containersUrl}/{Stage.Ticker}/logs?tail=5'")
            .AppendLine(CultureInfo.InvariantCulture, $"  curl {header} -N {stage.Url}/api/stream").ToString();
    }
}
