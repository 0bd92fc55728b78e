using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>The part of the tour beside the containers: what else a server asks for.</summary>
internal sealed class ResourceTour(Stage stage)
{
    private const string Network = "dockmon-demo-net";
    private const string Volume = "dockmon-demo-data";
    private const string Made = "dockmon-demo-made";

    public async Task ImagesAsync(CancellationToken ct) =>
        Check((await CommandAsync("list_images", "{}", ct)).EnumerateArray().Any(image =>
            image.GetProperty("in_use").GetBoolean() && image.GetProperty("tags").EnumerateArray().Any(tag => tag.GetString() == TestImage.Name)),
            "the image of the containers is not listed as used");

    /// <summary>A network and a volume, a container on both, and all of them away again.</summary>
    public async Task CreateAsync(CancellationToken ct)
    {
        await stage.Docker.TryRunAsync(["rm", "-f", Made], ct);
        await stage.Docker.TryRunAsync(["network", "rm", Network], ct);
        await CommandAsync("create_network", $$"""{"name":"{{Network}}"}""", ct);
        await CommandAsync("create_volume", $$"""{"name":"{{Volume}}"}""", ct);
        var config = $$$"""{"image":"{{{TestImage.Name}}}","name":"{{{Made}}}","command":"sleep """
            + $$$"""60","network":"{{{Network}}}","volumes":["{{{Volume}}}:/data"],"init":true}""";
        var id = (await OperateAsync($$"""{"action":"create","config":{{config}}}""", ct)).GetProperty("container_id").GetString();
        await OperateAsync($$"""{"action":"start","container_id":"{{id}}"}""", ct);
        Check(
            (await OperateAsync($$"""{"action":"verify_running","container_id":"{{id}}","max_wait_seconds":20}""", ct)).GetProperty("is_healthy").GetBoolean(),
            "the new container does not run");
        Check(
            (await CommandAsync("list_networks", "{}", ct)).EnumerateArray().Any(network => Uses(network, Network)),
            "the network does not know its container");
        Check((await CommandAsync("list_volumes", "{}", ct)).EnumerateArray().Any(volume => Uses(volume, Volume)), "the volume does not know its container");
        await OperateAsync($$"""{"action":"remove","container_id":"{{id}}","force":true}""", ct);
        await CommandAsync("delete_network", $$"""{"network_id":"{{Network}}"}""", ct);
        await CommandAsync("delete_volume", $$"""{"volume_name":"{{Volume}}"}""", ct);
    }

    public async Task ShellAsync(CancellationToken ct)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + stage.AdminKey);
        await socket.ConnectAsync(
            new Uri($"{stage.Url.Replace("http://", "ws://", StringComparison.Ordinal)}/api/hosts/{stage.HostId}/containers/{Showcase.Worker}/shell"),
            ct);
        await socket.SendAsync("echo $((6*7))-in-$HOSTNAME; exit\n"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, ct);
        var output = new StringBuilder();
        var buffer = new byte[4096];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await socket.ReceiveAsync(buffer.AsMemory(), limit.Token) is { MessageType: not WebSocketMessageType.Close } read)
        {
            output.Append(Encoding.UTF8.GetString(buffer, 0, read.Count));
        }

        Check(output.ToString().Contains("42-in-", StringComparison.Ordinal), $"the shell wrote: {output}");
    }

    public async Task HealthCheckAsync(CancellationToken ct)
    {
        var address = await stage.Docker.RunAsync(["inspect", "-f", "{{.NetworkSettings.IPAddress}}", Showcase.Web], ct);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var results = stage.Client.FollowAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        await using (results)
        {
            var next = results.MoveNextAsync();
            await stage.Client.PutAsync(
                $"/api/hosts/{stage.HostId}/health-checks",
                $$"""[{"container_id":"{{Showcase.Web}}","url":"http://{{address}}/","check_interval_seconds":1}]""",
                ct);
            while (await next)
            {
                if (results.Current.Name == "health_check_result")
                {
                    Check(results.Current.Data.GetProperty("healthy").GetBoolean(), $"the check says: {results.Current.Data}");
                    break;
                }

                next = results.MoveNextAsync();
            }
        }

        await stage.Client.PutAsync($"/api/hosts/{stage.HostId}/health-checks", "[]", ct);
    }

    public Task HostStatsAsync(CancellationToken ct) => Retry.UntilAsync(
        "the host's own figures have come",
        async () => (await stage.Client.GetAsync($"/api/hosts/{stage.HostId}/stats", ct)).TryGetProperty("host", out var host)
            && host.GetProperty("mem_percent").GetDouble() > 0,
        ct: ct);

    /// <summary>Up and down again, where the agent has found Docker's compose; says so where it has not.</summary>
    public async Task<string> ComposeAsync(CancellationToken ct)
    {
        var host = await stage.WaitForHostAsync(ct);
        if (!host.GetProperty("registration").GetProperty("capabilities").GetProperty("compose_deployments").GetBoolean())
        {
            return "there is no docker compose on this machine";
        }

        var file = JsonEncodedText.Encode($"services:\n  web:\n    image: {TestImage.Name}\n    init: true\n    command: sleep 60\n");
        await DeployAsync($$"""{"deployment_id":"demo-up","project_name":"dockmon-demo-tour","action":"up","compose_content":"{{file}}"}""", ct);
        Check(
            (await stage.Docker.RunAsync(["ps", "-q", "--filter", "label=com.docker.compose.project=dockmon-demo-tour"], ct)).Length > 0,
            "nothing of the project runs");
        await DeployAsync("""{"deployment_id":"demo-down","project_name":"dockmon-demo-tour","action":"down","remove_volumes":true}""", ct);
        Check(
            (await stage.Docker.RunAsync(["ps", "-aq", "--filter", "label=com.docker.compose.project=dockmon-demo-tour"], ct)).Length == 0,
            "something of the project is left");
        return "";
    }

    private async Task DeployAsync(string payload, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        await using var events = stage.Client.FollowAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        var next = events.MoveNextAsync();
        await CommandAsync("deploy_compose", payload, ct);
        while (await next)
        {
            if (events.Current.Name == "deploy_complete")
            {
                Check(events.Current.Data.GetProperty("success").GetBoolean(), $"the deployment ended with: {events.Current.Data}");
                return;
            }

            next = events.MoveNextAsync();
        }
    }

    private static bool Uses(JsonElement item, string name) =>
        item.GetProperty("name").GetString() == name
            && item.GetProperty("containers").EnumerateArray().Any(container => container.GetProperty("name").GetString() == Made);

    private static void Check(bool fact, string otherwise)
    {
        if (!fact)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private Task<JsonElement> CommandAsync(string command, string payload, CancellationToken ct) =>
        stage.Client.PostAsync($"/api/hosts/{stage.HostId}/command", $$"""{"command":"{{command}}","payload":{{payload}}}""", ct);

    private Task<JsonElement> OperateAsync(string payload, CancellationToken ct) =>
        stage.Client.PostAsync($"/api/hosts/{stage.HostId}/operation?timeout_seconds=60", payload, ct);
}
