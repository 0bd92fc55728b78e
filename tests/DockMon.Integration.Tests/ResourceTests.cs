using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Images, networks, volumes and new containers, on an engine of the test's own: it prunes.</summary>
public sealed class ResourceTests : IAsyncLifetime
{
    private PrivateEngine _engine = null!;
    private Installation _installation = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private DockerCli Docker => _engine.Docker;

    public async ValueTask InitializeAsync()
    {
        _engine = await PrivateEngine.StartAsync(Token);
        _installation = await Installation.StartAsync(Token, _engine.Host);
    }

    public async ValueTask DisposeAsync()
    {
        await _installation.DisposeAsync();
        await _engine.DisposeAsync();
    }

    [Fact]
    public async Task Images_are_listed_with_their_users_removed_and_pruned()
    {
        var id = await Docker.RunAsync(["create", "--name", "user", TestImage.Name], Token);
        await Docker.RunAsync(["commit", "--change", "LABEL a=b", id, "extra:1"], Token);
        var untagged = await Docker.RunAsync(["commit", "--change", "LABEL c=d", id], Token);

        var images = (await _installation.CommandAsync("list_images", Token)).EnumerateArray().ToList();
        var used = images.Single(image => Tags(image).Contains(TestImage.Name));
        used.GetProperty("in_use").GetBoolean().ShouldBeTrue();
        used.GetProperty("containers").GetRawText().ShouldBe($$"""[{"id":"{{id[..12]}}","name":"user"}]""");
        var dangling = images.Single(image => image.GetProperty("id").GetString() == untagged.Split(':')[1][..12]);
        dangling.GetProperty("dangling").GetBoolean().ShouldBeTrue();
        Tags(dangling).ShouldBeEmpty();

        (await Should.ThrowAsync<OperationFailedException>(() => CommandAsync(
            "remove_image",
            new() { ["image_id"] = "nosuch:1" }))).Message.ShouldContain("No such image: nosuch:1");
        (await Should.ThrowAsync<OperationFailedException>(() => CommandAsync(
            "remove_image",
            new() { ["image_id"] = TestImage.Name }))).Message.ShouldContain("conflict");
        await CommandAsync("remove_image", new() { ["image_id"] = "extra:1", ["force"] = false });
        var pruned = await CommandAsync("prune_images", []);
        pruned.GetProperty("removed_count").GetInt32().ShouldBe(1);
        (await _installation.CommandAsync("list_images", Token)).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Networks_are_created_listed_with_stopped_containers_too_deleted_and_pruned()
    {
        var made = await CommandAsync(
            "create_network",
            new() { ["name"] = "lan", ["driver"] = "bridge", ["subnet"] = "10.77.0.0/24", ["gateway"] = "10.77.0.1", ["internal"] = true });
        made.GetProperty("subnet").GetString().ShouldBe("10.77.0.0/24");
        made.GetProperty("internal").GetBoolean().ShouldBeTrue();
        await Docker.RunAsync(["create", "--name", "stopped", "--network", "lan", TestImage.Name], Token);

        var listed = (await CommandAsync("list_networks", [])).EnumerateArray().Single(network => network.GetProperty("name").GetString() == "lan");
        listed.GetProperty("containers")[0].GetProperty("name").GetString().ShouldBe("stopped");
        listed.GetProperty("is_builtin").GetBoolean().ShouldBeFalse();
        (await _installation.OperateAsync("list_networks", "", Token)).GetProperty("networks").GetArrayLength().ShouldBe(4);

        (await FailAsync("create_network", new() { ["name"] = "lan" })).ShouldContain("already exists");
        (await FailAsync("delete_network", new() { ["network_id"] = "bridge" })).ShouldBe("cannot delete built-in network 'bridge'");
        (await FailAsync("delete_network", new() { ["network_id"] = "lan" })).ShouldContain("in use by stopped");
        await CommandAsync("delete_network", new() { ["network_id"] = made.GetProperty("id").GetString(), ["force"] = true });
        (await _installation.OperateAsync("create_network", "", Token, new() { ["name"] = "unused", ["driver"] = "bridge" }))
            .GetProperty("network_id")
            .GetString()!.Length.ShouldBe(12);
        (await CommandAsync("prune_networks", [])).GetProperty("networks_removed").GetRawText().ShouldBe("""["unused"]""");
        (await FailAsync("delete_network", new() { ["network_id"] = "unused" })).ShouldContain("not found");
    }

    [Fact]
    public async Task Volumes_are_created_listed_deleted_and_pruned_named_ones_too()
    {
        (await CommandAsync("create_volume", new() { ["name"] = "used" })).GetProperty("name").GetString().ShouldBe("used");
        (await _installation.OperateAsync("create_volume", "", Token, new() { ["name"] = "unused" })).GetProperty("volume_name").GetString().ShouldBe("unused");
        await Docker.RunAsync(["create", "--name", "user", "-v", "used:/data", TestImage.Name], Token);
        var volumes = (await CommandAsync("list_volumes", [])).EnumerateArray().ToDictionary(volume => volume.GetProperty("name").GetString()!);
        volumes["used"].GetProperty("containers")[0].GetProperty("name").GetString().ShouldBe("user");
        volumes["unused"].GetProperty("in_use").GetBoolean().ShouldBeFalse();
        (await FailAsync("delete_volume", new() { ["volume_name"] = "used" })).ShouldContain("volume is in use");
        (await CommandAsync("prune_volumes", [])).GetProperty("volumes_removed").GetRawText().ShouldBe("""["unused"]""");
        (await FailAsync("delete_volume", new() { ["volume_name"] = "unused" })).ShouldContain("no such volume");
    }

    [Fact]
    public async Task A_container_is_created_as_it_was_asked_for_and_watched()
    {
        await CommandAsync("create_network", new() { ["name"] = "second" });
        var config = JsonNode.Parse($$$"""
            {"image":"{{{TestImage.Name}}}","name":"made","command":"sleep 100","environment":{"A":"1"},"ports":{"80/tcp":8099},"labels":{"x":"y"},
             "networks":["bridge","second"],"restart_policy":{"Name":"always"},"mem_limit":"64m","cap_drop":["ALL"],"hostname":"h"}
            """);
        var id = (await _installation.OperateAsync("create", "", Token, new() { ["config"] = config })).GetProperty("container_id").GetString()!;
        var made = JsonNode.Parse(await Docker.RunAsync(["inspect", "--format", "{{json .}}", "made"], Token))!;
        made["Id"]!.GetValue<string>().ShouldStartWith(id);
        made["Config"]!["Hostname"]!.GetValue<string>().ShouldBe("h");
        made["HostConfig"]!["Memory"]!.GetValue<long>().ShouldBe(64 * 1024 * 1024);
        made["NetworkSettings"]!["Networks"]!.AsObject().Select(network => network.Key).Order().ShouldBe(["bridge", "second"]);

        await _installation.OperateAsync("start", id, Token);
        (await _installation.OperateAsync("verify_running", id, Token, new() { ["max_wait_seconds"] = 20 }))
            .GetProperty("is_healthy")
            .GetBoolean()
            .ShouldBeTrue();
        (await Should.ThrowAsync<OperationFailedException>(() => _installation.OperateAsync(
            "validate_ports",
            "",
            Token,
            new() { ["ports"] = new JsonObject { ["80/tcp"] = 8099, ["81/tcp"] = 8100 } })))
            .Message.ShouldBe("failed to validate ports: conflict: 8099/tcp is used by container made");
        await _installation.OperateAsync(
            "validate_ports",
            "",
            Token,
            new() { ["ports"] = new JsonObject { ["80/tcp"] = 8100, ["80/udp"] = 8099, ["82/tcp"] = null } });
        await _installation.OperateAsync("kill", id, Token);

        (await Should.ThrowAsync<OperationFailedException>(() => CreateAsync("""{"image":"nosuch:1"}"""))).Message.ShouldContain("No such image: nosuch:1");
        (await Should.ThrowAsync<OperationFailedException>(() => CreateAsync($$"""{"image":"{{TestImage.Name}}","colour":"blue"}"""))).Message.ShouldContain(
            "unknown option 'colour'");
        (await Should.ThrowAsync<OperationFailedException>(
            () => CreateAsync($$"""{"image":"{{TestImage.Name}}","name":"half","networks":["bridge","nosuch"]}"""))).Message.ShouldContain("nosuch");
        (await Docker.TryRunAsync(["inspect", "half"], Token)).ExitCode.ShouldNotBe(0);
        var failing = await CreateAsync($$"""{"image":"{{TestImage.Name}}","command":"false"}""");
        await _installation.OperateAsync("start", failing, Token);
        (await _installation.OperateAsync("verify_running", failing, Token, new() { ["max_wait_seconds"] = 5 }))
            .GetProperty("is_healthy")
            .GetBoolean()
            .ShouldBeFalse();
        (await Should.ThrowAsync<OperationFailedException>(() => _installation.OperateAsync(
            "pull_image",
            "",
            Token,
            new() { ["image"] = "127.0.0.1:9/nosuch:1" }))).Message.ShouldStartWith("failed to pull image: ");
    }

    [Fact]
    public async Task A_container_has_the_names_and_addresses_it_was_given_in_its_networks()
    {
        await CommandAsync("create_network", new() { ["name"] = "first", ["subnet"] = "10.97.13.0/24" });
        await CommandAsync("create_network", new() { ["name"] = "other", ["subnet"] = "10.97.14.0/24" });
        var id = await CreateAsync($$$"""
            {"image":"{{{TestImage.Name}}}","name":"addressed","command":"sleep 100",
             "networks":{"first":{"aliases":["a1","a2"],"ipv4_address":"10.97.13.77"},"other":{"ipv4_address":"10.97.14.78","aliases":["b1"]} } }
            """);
        await _installation.OperateAsync("start", id, Token);
        var networks = JsonNode.Parse(await Docker.RunAsync(["inspect", "--format", "{{json .NetworkSettings.Networks}}", "addressed"], Token))!;
        (networks["first"]!["IPAddress"]!.GetValue<string>(), networks["other"]!["IPAddress"]!.GetValue<string>()).ShouldBe(("10.97.13.77", "10.97.14.78"));
        networks["first"]!["Aliases"]!.AsArray().Select(alias => alias!.GetValue<string>()).ShouldBe(["a1", "a2", id[..12]], ignoreOrder: true);
        networks["other"]!["Aliases"]!.AsArray().Select(alias => alias!.GetValue<string>()).ShouldContain("b1");
        await _installation.OperateAsync("kill", id, Token);
    }

    private static IEnumerable<string> Tags(JsonElement image) => image.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!);

    private async Task<string> CreateAsync(string config) =>
        (await _installation.OperateAsync("create", "", Token, new() { ["config"] = JsonNode.Parse(config) })).GetProperty("container_id").GetString()!;

    private Task<JsonElement> CommandAsync(string name, JsonObject payload) => _installation.CommandAsync(name, Token, payload);

    private async Task<string> FailAsync(string name, JsonObject payload) =>
        (await Should.ThrowAsync<OperationFailedException>(() => CommandAsync(name, payload))).Message;
}
