using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Hiding;

/// <summary>New containers that would have something from a hidden one: by a create, and by a deployment.</summary>
public sealed class HiddenReferencesTests : IAsyncDisposable
{
    private const string Volume = "volume vault is mounted into a container that is hidden from the server (hide)";

    private readonly ScriptedEngine _engine = Hidden.Engine();

    public HiddenReferencesTests()
    {
        const string Vault = """[{"Type":"volume","Name":"vault","Source":"/v","Destination":"/data"},{"Type":"bind","Source":"/etc","Destination":"/etc"}]""";
        _engine.Set($"/containers/{Hidden.SecretId}/json", With(Hidden.Inspection(Hidden.SecretId, "secret"), "{}", Vault));
        Visible("plain", "{}", """[{"Type":"volume","Name":"data","Destination":"/data"}]""");
        Visible("same", "{}", Vault);
        Visible("volumes", """{"VolumesFrom":["secret:ro"]}""");
        Visible("network", $$"""{"NetworkMode":"container:{{Hidden.SecretId}}"}""");
        Visible("process", """{"PidMode":"container:secret"}""");
        Visible("chain", """{"NetworkMode":"container:network","PidMode":"container:process","VolumesFrom":["volumes"]}""");
        Visible("loop", """{"NetworkMode":"container:loop","VolumesFrom":["loop","nowhere"]}""");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Theory]
    [InlineData("""{"volumes_from":["plain","loop"],"network_mode":"container:loop","pid_mode":"container:plain"}""", null)]
    [InlineData("""{"volumes":{"data":{"bind":"/x"}},"networks":{"a":{"links":["plain:x"]}}}""", null)]
    [InlineData("""{"network_mode":"container:volumes"}""", null)] // Files are not had by the network.
    [InlineData("""{"volumes_from":["secret"]}""", "No such container: secret")]
    [InlineData("""{"volumes_from":["volumes:ro"]}""", "No such container: volumes")]
    [InlineData("""{"volumes_from":["chain"]}""", "No such container: chain")]
    [InlineData("""{"volumes_from":["same"]}""", Volume)]
    [InlineData("""{"pid_mode":"container:same"}""", Volume)]
    [InlineData("""{"pid_mode":"container:chain"}""", "No such container: chain")]
    [InlineData("""{"network_mode":"container:network"}""", "No such container: network")]
    [InlineData("""{"network_mode":"container:chain"}""", "No such container: chain")]
    [InlineData("""{"volumes":{"vault":{"bind":"/x"}}}""", Volume)]
    [InlineData("""{"networks":{"a":{"links":["nobody:db"]}}}""", "No such container: nobody")]
    [InlineData("""{"volumes_from":["nobody:ro"]}""", "No such container: nobody")]
    [InlineData("""{"network_mode":"container:nobody"}""", "No such container: nobody")]
    [InlineData("""{"networks":{"a":{"links":["secret:db"]}}}""", "No such container: secret")]
    [InlineData("""{"networks":{"a":{},"b":{"links":["secret:db"]}}}""", "No such container: secret")]
    public async Task A_create_has_nothing_of_a_hidden_container(string config, string? expected)
    {
        var gate = new CreateGate(Gates.Context(Hidden.ByName, Hidden.In(_engine)), _engine.Client, TestOwnContainers.None);
        var creator = new ContainerCreator(_engine.Client, gate, "/nowhere", _engine.Time, NullLogger<ContainerCreator>.Instance);
        var request = new ContainerOperation { Config = JsonElement.Parse($$"""{"image":"a",{{config[1..]}}""") };
        // What is not refused is asked of the engine, which creates none here.
        var error = await Should.ThrowAsync<Exception>(() => creator.CreateAsync(request, Token));
        error.Message.ShouldEndWith(expected ?? "No such container: create");
    }

    [Theory]
    [InlineData("{volumes_from: ['container:plain'], volumes: [{type: volume, source: data, target: /x}], external_links: ['plain:x']}", null)]
    [InlineData("{volumes: [{type: volume, source: mine, target: /x}]}", null)]
    [InlineData("{volumes_from: ['container:volumes:ro']}", "No such container: volumes")]
    [InlineData("{network_mode: 'container:chain'}", "No such container: chain")]
    [InlineData("{pid: 'container:secret'}", "No such container: secret")]
    [InlineData("{volumes: [{type: volume, source: named, target: /x}]}", Volume)]
    [InlineData("{external_links: ['secret:db']}", "No such container: secret")]
    [InlineData("{networks: {a: {links: ['secret:db']}, b: }}", "No such container: secret")]
    public async Task A_deployment_has_nothing_of_a_hidden_container(string service, string? expected)
    {
        var services = new HiddenServices(Gates.Context(Hidden.ByName, Hidden.In(_engine)), _engine.Client);
        var model = $"services: {{web: {service}}}\nvolumes: {{mine: , named: {{external: true, name: vault}}}}\n";
        var said = "";
        try
        {
            await services.EnsureNoneIsUsedAsync(model, "shop", Token);
        }
        catch (Exception e) when (e is EngineException or CommandException)
        {
            said = e.Message;
        }

        (expected is null ? said.Length == 0 : said.EndsWith(expected, StringComparison.Ordinal)).ShouldBeTrue(said);
    }

    private void Visible(string name, string hostConfig, string mounts = "[]") => _engine.Set(
        $"/containers/{name}/json",
        With(Hidden.Inspection(new string('c', 64), name), hostConfig, mounts));

    private static string With(string inspection, string hostConfig, string mounts) =>
        $$"""{{inspection[..^1]}},"HostConfig":{{hostConfig}},"Mounts":{{mounts}}}""";
}
