using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Reading;
using DockMon.Agent.Policies.Redaction;
using DockMon.Agent.Tests.Commands;
using DockMon.Agent.Tests.Hosting;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Redaction;

/// <summary>Where a policy with <c>redact</c> shows.</summary>
public sealed class RedactionTests : IAsyncLifetime
{
    private const string Inspection = """{"Id":"web","Config":{"Env":["DB_PASSWORD=x","A=1"],"Labels":{"a":"b"}}}""";

    private static readonly HostPolicy Policy = new() { Origin = "test", Redact = new Redactor("*PASSWORD*") };

    private readonly ScriptedEngine _engine = new(
        ("/containers/json?all=1", 200, """[{"Id":"web","Names":["/web"],"ImageID":"","Command":"run --password=x","Labels":{"app.password":"x"}}]"""),
        ("/containers/web/json", 200, Inspection));

    private readonly PolicySource _policies = new(Policy);
    private readonly Routes _routes = new();

    public ValueTask InitializeAsync()
    {
        new ContainerOperations(_engine.Client, TestOwnContainers.None, _policies).AddTo(_routes);
        new ContainerListing(Gates.Context(_policies), _engine.Client).AddTo(_routes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Lists_and_inspections_have_marks_until_the_policy_is_another_one()
    {
        var container = (await _routes.Commands.RunAsync(CommandNames.ListContainers))[0];
        container.GetProperty("Env").GetProperty("DB_PASSWORD").GetString().ShouldBe(Redactor.Mark);
        container.GetProperty("Env").GetProperty("A").GetString().ShouldBe("1");
        container.GetProperty("Command").GetString().ShouldBe($"run --password={Redactor.Mark}");
        container.GetProperty("Labels").GetProperty("app.password").GetString().ShouldBe(Redactor.Mark);
        (await InspectAsync()).ShouldBe(Inspection.Replace("DB_PASSWORD=x", $"DB_PASSWORD={Redactor.Mark}", StringComparison.Ordinal));

        _policies.Use(Policy with { Enforce = false });
        (await InspectAsync()).ShouldBe(Inspection);
        (await _routes.Commands.RunAsync(CommandNames.ListContainers))[0].GetProperty("Env").GetProperty("DB_PASSWORD").GetString().ShouldBe("x");
    }

    [Fact]
    public void A_compose_file_is_read_with_marks_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "compose.yml");
        File.WriteAllText(path, "services:\n  web:\n    env_file: [a.env, b.env]\n    environment: {DB_PASSWORD: hunter1}\n");
        File.WriteAllText(Path.Combine(folder.Path, ".env"), "DB_PASSWORD=hunter2\n");
        File.WriteAllText(Path.Combine(folder.Path, "a.env"), "PASSWORD=hunter3\n");
        File.WriteAllText(Path.Combine(folder.Path, "b.env"), "PASSWORD=\"hunter4\n");
        var read = ComposeFiles.Read(path, Policy.Redactor);
        read.Success.ShouldBeTrue(read.Error);
        JsonSerializer.Serialize(read, ProtocolJson.Default.ReadComposeResult).ShouldNotContain("hunter");
        (read.EnvContent, read.EnvFiles!["a.env"]).ShouldBe(($"DB_PASSWORD={Redactor.Mark}\n", $"PASSWORD={Redactor.Mark}\n"));
        read.SkippedEnvFiles.ShouldBe(["b.env"]);

        File.WriteAllText(path, "PASSWORD: hunter1\nservices: [");
        read = ComposeFiles.Read(path, Policy.Redactor);
        (read.Success, read.Content, read.Error!.Contains("redacts values", StringComparison.Ordinal)).ShouldBe((false, null, true));
    }

    [Fact]
    public async Task A_mark_that_comes_back_is_refused()
    {
        var deploy = new DeployComposeRequest { DeploymentId = "d", ProjectName = "p", ComposeContent = "services: {}" };
        DeployRequests.Check(deploy);
        var files = new Dictionary<string, string> { ["a.env"] = $"A={Redactor.Mark}" };
        Should.Throw<CommandException>(() => DeployRequests.Check(deploy with { EnvFiles = files })).Message.ShouldContain("its a.env has");
        deploy = deploy with { ComposeContent = $"a: {Redactor.Mark}" };
        Should.Throw<CommandException>(() => DeployRequests.Check(deploy)).Message.ShouldContain("its compose file has");
        DeployRequests.Check(deploy with { EnvFiles = files, Action = "down" }); // Uses what was deployed.

        var creator = new ContainerCreator(
            _engine.Client,
            Gates.OpenForCreates,
            "/nowhere",
            _engine.Time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<ContainerCreator>.Instance);
        var config = JsonElement.Parse($$"""{"environment":{"PASSWORD":"{{Redactor.Mark}}"},"image":"a"}""");
        var error = await Should.ThrowAsync<CommandException>(
            () => creator.CreateAsync(new ContainerOperation { Config = config }, TestContext.Current.CancellationToken));
        error.Message.ShouldContain("refused to create container");
        _engine.Requests.ShouldBeEmpty();
    }

    [Fact]
    public void The_policy_file_names_them()
    {
        var (policy, errors) = PolicyReader.Read("mode: full\nredact: [\"*PASSWORD*\", API_KEY]", "test");
        errors.ShouldBeEmpty();
        policy!.Redactor.IsSecret("MY_PASSWORD").ShouldBeTrue();
        policy.Redactor.IsSecret("OTHER").ShouldBeFalse();
        PolicyReader.Read("mode: full\nredact: PASSWORD", "test").Errors.Single().Line.ShouldBe(2);
        HostPolicy.Unusable("test", ["half written"], before: null).Redactor.IsSecret("DB_PASSWORD").ShouldBeTrue();
        HostPolicy.Unusable("test", ["half written"], policy).Redactor.IsSecret("DB_TOKEN").ShouldBeFalse();
    }

    private async Task<string> InspectAsync()
    {
        var bound = _routes.Operations[OperationActions.Inspect].Bind(JsonElement.Parse("""{"container_id":"web"}"""));
        return Encoding.UTF8.GetString(await bound.Run(TestContext.Current.CancellationToken))["{\"container\":".Length..^1];
    }
}
