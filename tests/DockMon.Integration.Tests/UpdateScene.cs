using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What tests of updates have: a hub, an agent, a registry, and two versions of an image in it.</summary>
public abstract class UpdateScene : IAsyncLifetime
{
    private protected static DockerCli Docker { get; } = new();

    /// <summary>The beginning of the names of all that a test makes.</summary>
    private protected string Prefix { get; } = $"dockmon-up-{Guid.NewGuid():N}"[..18];

    private protected Installation Hosts { get; private set; } = null!;

    private protected LocalRegistry Registry { get; private set; } = null!;

    private protected string FirstImage { get; private set; } = "";

    private protected string SecondImage { get; private set; } = "";

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Registry = await LocalRegistry.StartAsync(Token);
        FirstImage = await Registry.PublishAsync(
            Docker,
            "web:1",
            ["ENV APP_VERSION=1", "LABEL image.version=1", "CMD [\"sleep\",\"3601\"]", "WORKDIR /one", "VOLUME /anonymous", "EXPOSE 81"],
            Token);
        SecondImage = await Registry.PublishAsync(
            Docker,
            "web:2",
            ["ENV APP_VERSION=2", "LABEL image.version=2", "CMD [\"sleep\",\"3602\"]", "WORKDIR /two", "VOLUME /anonymous", "EXPOSE 82"],
            Token);
        Hosts = await Installation.StartAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Hosts.DisposeAsync();
        var left = await Docker.RunAsync(["ps", "-aq", "--filter", $"name={Prefix}"], CancellationToken.None);
        if (left.Length > 0)
        {
            await Docker.RunAsync(["rm", "-f", "-v", .. left.Split('\n')], CancellationToken.None);
        }

        await Docker.TryRunAsync(["network", "rm", Prefix + "-a", Prefix + "-b"], CancellationToken.None);
        await Docker.TryRunAsync(["rmi", "-f", FirstImage, SecondImage], CancellationToken.None);
        await Registry.DisposeAsync();
    }

    private protected string Name(string name) => $"{Prefix}-{name}";

    private protected Task<string> RunAsync(string name, string image, params string[] options) => RunAsync(name, image, options, []);

    private protected static IEnumerable<string> Strings(JsonNode? array) => array?.AsArray().Select(item => item!.GetValue<string>()) ?? [];

    private protected async Task<string> RunAsync(string name, string image, string[] options, string[] command) =>
        await Docker.RunAsync(["run", "-d", "--stop-timeout", "1", "--name", Name(name), .. options, image, .. command], Token);

    private protected async Task<JsonObject> InspectAsync(string name) =>
        JsonNode.Parse(await Docker.RunAsync(["inspect", "--format", "{{json .}}", Name(name)], Token))!.AsObject();

    private protected async Task NothingLeftAsync(string name) =>
        (await Docker.RunAsync(["ps", "-a", "--filter", $"name={Name(name)}-dockmon", "--format", "{{.Names}}"], Token)).ShouldBeEmpty();

    private protected JsonObject Payload(string name, string image, int healthTimeout = 30) =>
        new()
        {
            ["container_id"] = name.Length == 64 ? name[..12] : Name(name),
            ["new_image"] = image,
            ["stop_timeout"] = 1,
            ["health_timeout"] = healthTimeout
        };

    private protected Task<JsonElement> StartUpdateAsync(string name, string image) => Hosts.CommandAsync("update_container", Token, Payload(name, image));

    private protected async Task UpdateAsync(string name, string image)
    {
        var (outcome, data) = await Hosts.UpdateAsync(Payload(name, image), Token);
        outcome.ShouldBe("update_complete", data);
    }

    private protected async Task<string> FailedUpdateAsync(string name, string image, int healthTimeout = 30)
    {
        var (outcome, data) = await Hosts.UpdateAsync(Payload(name, image, healthTimeout), Token);
        outcome.ShouldBe("update_progress", data);
        return data;
    }
}
