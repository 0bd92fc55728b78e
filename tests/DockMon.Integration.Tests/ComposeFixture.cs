using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>An installation whose agent has compose, and one project.</summary>
internal sealed class ComposeFixture : IAsyncDisposable
{
    private static readonly DockerCli Docker = new();
    private int _deployments;

    private ComposeFixture(Installation installation) => Installation = installation;

    public Installation Installation { get; }

    public string Project { get; } = $"dockmon-compose-{Guid.NewGuid():N}"[..24];

    public string Stack => Path.Combine(Installation.AgentData, "stacks", Project);

    /// <summary>Starts it.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="environment">Further variables of the agent.</param>
    public static async Task<ComposeFixture> StartAsync(CancellationToken ct, IReadOnlyDictionary<string, string>? environment = null)
    {
        var tools = Path.Combine(Repository.Root, "artifacts/tools/compose");
        var path = $"{tools}:{Environment.GetEnvironmentVariable("PATH")}";
        var variables = new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["PATH"] = path };
        var fixture = new ComposeFixture(await Installation.StartAsync(ct, environment: variables));
        if (fixture.Installation.Agent.Lines.Any(line => line.Contains("There is no docker compose on this machine", StringComparison.Ordinal)))
        {
            await fixture.DisposeAsync();
            Assert.Skip("There is no docker compose on this machine, and its distribution has none for it.");
        }

        return fixture;
    }

    /// <summary>Deploys, and waits for its end: the progress before it and the deploy_complete.</summary>
    public async Task<(List<string> Stages, JsonElement End)> DeployAsync(string action, string? compose, CancellationToken ct, JsonObject? more = null)
    {
        var id = $"{Project}:{++_deployments}";
        var payload = more ?? [];
        (payload["deployment_id"], payload["project_name"], payload["action"]) = (id, Project, action);
        if (compose is not null)
        {
            payload["compose_content"] = compose;
        }

        using var feed = await HubFeed.OpenAsync(Installation.Http, ct);
        var answer = await Installation.CommandAsync("deploy_compose", ct, payload);
        if (answer.GetProperty("status").GetString() != "deployment_started")
        {
            throw new InvalidOperationException($"the deployment was not started: {answer}");
        }

        var seen = await feed.ReadUntilAsync((name, data) => name == "deploy_complete" && Of(data, id), ct);
        return ([.. seen.Where(item => item.Name == "deploy_progress" && Of(item.Data, id))
            .Select(item => item.Data.GetProperty("stage").GetString()!)], seen[^1].Data);
    }

    /// <summary>The project's containers as Docker has them: "service state".</summary>
    public async Task<string[]> ContainersAsync(CancellationToken ct) =>
    [
        .. (await Docker.RunAsync(
            ["ps", "-a", "--filter", $"label=com.docker.compose.project={Project}", "--format", "{{.Label \"com.docker.compose.service\"}} {{.State}}"],
            ct))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
    ];

    public async ValueTask DisposeAsync()
    {
        foreach (var (list, remove) in new[] { ("ps -aq", "rm -fv"), ("network ls -q", "network rm"), ("volume ls -q", "volume rm") })
        {
            var found = (await Docker.RunAsync([.. list.Split(' '), "--filter", $"label=com.docker.compose.project={Project}"], CancellationToken.None)).Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries);
            if (found.Length > 0)
            {
                await Docker.TryRunAsync([.. remove.Split(' '), .. found], CancellationToken.None);
            }
        }

        await Installation.DisposeAsync();
    }

    private static bool Of(JsonElement data, string id) => data.GetProperty("deployment_id").GetString() == id;
}
