using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>
/// The part of the tour that people ask about first: a container is updated, and nothing of it is lost, whether the new version works or not.
/// </summary>
internal sealed class UpdateTour(Stage stage)
{
    private const string App = "dockmon-demo-app";
    private const string Secret = "precious";

    /// <summary>One update that works, and one that does not; says why where there is no registry to take images from.</summary>
    public async Task<string> RunAsync(CancellationToken ct)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "docker-registry"))))
        {
            return "there is no docker-registry on this machine to take images from";
        }

        await using var registry = await LocalRegistry.StartAsync(ct);
        string[] images = [.. await Task.WhenAll(
            PublishAsync(registry, 1, "exec sleep 36001", ct),
            PublishAsync(registry, 2, "exec sleep 36002", ct),
            PublishAsync(registry, 3, "exit 3", ct))];
        try
        {
            await stage.Docker.TryRunAsync(["rm", "-f", "-v", App], ct);
            await stage.Docker.RunAsync(["run", "-d", "--name", App, "--init", "-e", "MINE=1", "--memory", "64m", images[0]], ct);
            await stage.Docker.RunAsync(["exec", App, "sh", "-c", $"echo {Secret} > /data/file"], ct);
            await EndAsync(images[1], "update_complete", ct);
            await LookAsync(images[1], ct);
            // This one ends at once: its predecessor comes back.
            await EndAsync(images[2], "update_progress", ct);
            await LookAsync(images[1], ct);
            return "";
        }
        finally
        {
            await stage.Docker.TryRunAsync(["rm", "-f", "-v", App], CancellationToken.None);
            await stage.Docker.TryRunAsync(["rmi", "-f", .. images], CancellationToken.None);
        }
    }

    private Task<string> PublishAsync(LocalRegistry registry, int version, string script, CancellationToken ct) =>
        registry.PublishAsync(stage.Docker, $"demo:{version}", [$"CMD [\"sh\",\"-c\",\"{script}\"]", $"ENV APP_VERSION={version}", "VOLUME /data"], ct);

    /// <summary>What the user set is there, what came from the image follows it, and the data in the anonymous volume is the same.</summary>
    private async Task LookAsync(string image, CancellationToken ct)
    {
        var seen = await stage.Docker.RunAsync(["inspect", "-f", "{{.Config.Image}} {{.State.Status}} {{.HostConfig.Memory}}", App], ct);
        var inside = await stage.Docker.RunAsync(["exec", App, "sh", "-c", "echo $MINE $APP_VERSION $(cat /data/file)"], ct);
        if (seen != $"{image} running {64 * 1024 * 1024}" || inside != $"1 2 {Secret}")
        {
            throw new InvalidOperationException($"it is {seen}, and inside {inside}");
        }
    }

    private async Task EndAsync(string image, string wanted, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        await using var events = stage.Client.FollowAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        var next = events.MoveNextAsync();
        await stage.Client.PostAsync(
            $"/api/hosts/{stage.HostId}/command",
            $$"""{"command":"update_container","payload":{"container_id":"{{App}}","new_image":"{{image}}","stop_timeout":2,"health_timeout":20} }""",
            ct);
        while (await next)
        {
            var (name, data) = (events.Current.Name, events.Current.Data);
            if (name == "update_complete"
                || (name == "update_progress" && data.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String))
            {
                if (name != wanted)
                {
                    throw new InvalidOperationException($"the update ended with {name}: {data}");
                }

                return;
            }

            next = events.MoveNextAsync();
        }
    }
}
