using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Commands.Images;
using DockMon.Agent.Commands.Networks;
using DockMon.Agent.Commands.Volumes;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Tests.Commands;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Hiding;

/// <summary>What lists and checks say of hidden containers.</summary>
public sealed class HiddenListTests : IAsyncLifetime
{
    private const string Network = """{"Id":"nnnnnnnnnnnn","Name":"inner","IPAM":{"Config":[]}}""";

    private readonly ScriptedEngine _engine = Hidden.Engine();
    private readonly TemporaryFolder _folder = new();
    private readonly Routes _routes = new();

    public ValueTask InitializeAsync()
    {
        var (engine, hidden) = (_engine.Client, Hidden.In(_engine));
        new ContainerListing(Gates.Context(Hidden.ByName, hidden), engine).AddTo(_routes);
        new ImageCommands(engine, hidden).AddTo(_routes);
        new VolumeCommands(engine, hidden).AddTo(_routes);
        new NetworkCommands(engine, TestOwnContainers.None, hidden).AddTo(_routes);
        var gate = new CreateGate(Gates.Context(Hidden.ByName, hidden), engine, TestOwnContainers.None);
        var creator = new ContainerCreator(
            engine, gate, _folder.Path, _engine.Time, NullLogger<ContainerCreator>.Instance);
        var outbound = new Outbound(new Outbox(_folder.Path), _engine.Time, NullLogger<Outbound>.Instance);
        new ProvisioningOperations(engine, Gates.OpenForCreates, creator, hidden, outbound, _engine.Time).AddTo(_routes);
        _engine.Set("/images/json", """[{"Id":"sha256:i","RepoTags":["a:1"]}]""");
        _engine.Set("/volumes", """{"Volumes":[{"Name":"data"}]}""");
        _engine.Set("/networks", $"[{Network}]");
        _engine.Set("/networks/inner", Network);
        _engine.Set(Hidden.All, Hidden.List("""
            "State":"running","Mounts":[{"Type":"volume","Name":"data"}],"NetworkSettings":{"Networks":{"inner":{"NetworkID":"nnnnnnnnnnnn"}}}
            """));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_hidden_container_is_not_in_the_list_and_asked_about_once()
    {
        for (var i = 0; i < 2; i++)
        {
            var list = await _routes.Commands.RunAsync(CommandNames.ListContainers);
            list.EnumerateArray().Select(container => container.GetProperty("Id").GetString()).ShouldBe([Hidden.WebId]);
        }

        _engine.Requests.Count(path => path == $"/containers/{Hidden.SecretId}/json").ShouldBe(1);
    }

    [Theory]
    [InlineData(CommandNames.ListImages)]
    [InlineData(CommandNames.ListNetworks)]
    [InlineData(CommandNames.ListVolumes)]
    public async Task What_a_hidden_container_uses_counts_it_and_does_not_name_it(string command)
    {
        var item = (await _routes.Commands.RunAsync(command)).EnumerateArray().Single();
        item.GetProperty("container_count").GetInt32().ShouldBe(2);
        item.GetProperty("containers").EnumerateArray().Select(user => user.GetProperty("name").GetString()).ShouldBe(["web"]);
        item.GetRawText().ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"force\":true")]
    public async Task A_network_of_a_hidden_container_is_not_deleted(string force)
    {
        var error = await Should.ThrowAsync<CommandException>(() => _routes.Commands.RunAsync(
            CommandNames.DeleteNetwork, $$"""{"network_id":"inner"{{force}}}"""));
        error.Message.ShouldBe("failed to delete network: inner is in use by a container that this host's policy hides");
        _engine.Requests.ShouldNotContain(path => path.Contains("disconnect", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"network_mode\":\"container:secret\"")]
    [InlineData("\"pid_mode\":\"container:secret\"")]
    [InlineData("\"ipc_mode\":\"container:secret\"")]
    [InlineData("\"volumes_from\":[\"secret:ro\"]")]
    public async Task A_new_container_gets_nothing_from_a_hidden_one(string option)
    {
        _engine.Set("/containers/create", """{"Id":"new"}""");
        var error = await Should.ThrowAsync<EngineException>(CreateAsync(option));
        error.Message.ShouldBe("No such container: secret");
        _engine.Requests.ShouldNotContain("/containers/create");
        await CreateAsync(option.Replace("secret", "web", StringComparison.Ordinal))();
        _engine.Requests.ShouldContain("/containers/create");

        Func<Task> CreateAsync(string given) => () => _routes.Operations.RunAsync(
            OperationActions.Create, $$"""{"config":{"image":"a",{{given}}} }""");
    }

    [Fact]
    public async Task A_port_of_a_hidden_container_is_used_by_nobody_in_particular()
    {
        _engine.Set("/containers/json?all=0", Hidden.List("""
            "Ports":[{"PublicPort":80,"Type":"tcp"}]
            """).Replace("80,\"Type\":\"tcp\"}]}]", "81,\"Type\":\"tcp\"}]}]", StringComparison.Ordinal));
        var error = await Should.ThrowAsync<CommandException>(() => _routes.Operations.RunAsync(
            OperationActions.ValidatePorts, """{"ports":{"80/tcp":80,"81/tcp":81}}"""));
        error.Message.ShouldBe("failed to validate ports: conflict: 80/tcp is used, 81/tcp is used by container web");
    }
}
