using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Whether there are newer images, as the real engine asks a registry.</summary>
public sealed class ImageCheckTests() : InstallationTests("dockmon-check")
{
    [Fact]
    public async Task A_newer_image_in_the_registry_is_an_update_of_the_containers_that_run_the_old_one()
    {
        await using var registry = await LocalRegistry.StartAsync(Token);
        var image = await registry.PublishAsync(Docker, "checked:1", ["LABEL version=1"], Token);
        await Docker.RunAsync(["pull", image], Token);
        var name = Containers.NewName();
        Containers.Own(name);
        await Docker.RunAsync(["run", "-d", "--name", name, image, "sleep", "3600"], Token);
        try
        {
            var old = (await Docker.RunAsync(["image", "inspect", "--format", "{{.Id}}", image], Token)).Trim();
            var digest = await DigestAsync(image);
            await registry.PublishAsync(Docker, "checked:1", ["LABEL version=2"], Token);
            await Docker.RunAsync(["tag", old, image], Token); // Publishing takes the name away.
            var result = await CheckAsync(image);
            result.GetProperty("local_digest").GetString().ShouldBe(digest);
            result.GetProperty("remote_digest").GetString().ShouldStartWith("sha256:");
            result.GetProperty("remote_digest").GetString().ShouldNotBe(digest);
            await Retry.UntilAsync("there is an update", async () => await FindAsync(name) is true, ct: Token);

            await Docker.RunAsync(["tag", image, image + "-old"], Token);
            (await CheckAsync(image + "-old")).GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
            (await CheckAsync("nobody/has:this")).GetProperty("error").GetString().ShouldBe("no image of this host has this name");
        }
        finally
        {
            await Docker.TryRunAsync(["rm", "-f", name], CancellationToken.None);
            await Docker.TryRunAsync(["rmi", "-f", image, image + "-old"], CancellationToken.None);
        }
    }

    [Fact]
    public async Task An_image_of_a_registry_that_wants_a_password_is_checked_with_the_credentials_that_the_hub_has()
    {
        await using var registry = await LocalRegistry.StartAsync(Token, wantsPassword: true);
        var image = await registry.PublishAsync(Docker, "private:1", ["LABEL version=1"], Token);
        try
        {
            (await CheckAsync(image)).GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
            var stored = new JsonObject { ["username"] = LocalRegistry.User, ["password"] = LocalRegistry.Password };
            using var answer = await Installation.Http.PutAsJsonAsync("/api/registries/" + registry.Address, stored, Token);
            answer.EnsureSuccessStatusCode();
            (await CheckAsync(image)).GetProperty("remote_digest").GetString().ShouldBe(await DigestAsync(image));

            using var deleted = await Installation.Http.DeleteAsync("/api/registries/" + registry.Address, Token);
            deleted.EnsureSuccessStatusCode();
            (await CheckAsync(image)).GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
        }
        finally
        {
            await Docker.TryRunAsync(["rmi", "-f", image], CancellationToken.None);
        }
    }

    private static async Task<string> DigestAsync(string image) =>
        (await Docker.RunAsync(["image", "inspect", "--format", "{{index .RepoDigests 0}}", image], Token)).Trim().Split('@')[1];

    private async Task<JsonElement> CheckAsync(string image)
    {
        using var answer = await Installation.Http.PostAsJsonAsync(
            $"/api/hosts/{Installation.HostId}/images/check", new JsonObject { ["images"] = new JsonArray(image) }, Token);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Token))[0];
    }

    private async Task<bool?> FindAsync(string name)
    {
        var updates = await Installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Installation.HostId}/updates", Token);
        return updates.EnumerateArray().Single(one => one.GetProperty("name").GetString() == name)
            .TryGetProperty("update_available", out var available) ? available.GetBoolean() : null;
    }
}
