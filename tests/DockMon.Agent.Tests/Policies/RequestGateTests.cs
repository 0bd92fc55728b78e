using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies;

/// <summary>What is refused before its handler runs, on an engine with two containers: <c>postgres-1</c> of the project <c>shop</c>, and <c>web</c>.</summary>
public sealed class RequestGateTests : IAsyncDisposable
{
    private const string Postgres = "aaaaaaaaaaaa";

    private readonly LogCapture _log = new();
    private readonly PolicySource _policies = Gates.NoPolicy;
    private readonly FakeTimeProvider _time = new();
    private readonly RequestGate _gate;
    private readonly ScriptedEngine _engine = new(
        ($"/containers/{Postgres}/json", 200, Inspection("postgres-1")),
        ("/containers/postgres-1/json", 200, Inspection("postgres-1")),
        ("/containers/web/json", 200, Inspection("web")),
        ("/images/sha256%3A1/json", 200, """{"Id":"sha256:1","Config":{"Labels":{"made":"by-image"}}}"""));

    public RequestGateTests()
    {
        _engine.Otherwise = path => path.Contains("project%3Dshop", StringComparison.Ordinal) ? $$"""[{"Id":"{{Postgres}}"}]"""
            : path.StartsWith("/containers/json", StringComparison.Ordinal) ? "[]" : null;
        _gate = Gates.Of(_policies, _engine.Client, _log, _time);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData("{ name: postgres-* }", true)]
    [InlineData("{ name: Postgres-* }", false)]
    [InlineData("{ label: made=at-creation }", true)]
    [InlineData("{ label: made }", true)]
    [InlineData("{ label: made=by-image }", false)]
    [InlineData("{ image: 'shop/*' }", true)]
    [InlineData("{ image: 'shop/*', name: web }", false)]
    public async Task A_rule_counts_for_the_containers_that_it_matches(string match, bool counts)
    {
        Use($"mode: full\ncontainers: [{{ match: {match}, deny: [stop] }}]");
        foreach (var reference in new[] { Postgres, "postgres-1", " /postgres-1" })
        {
            (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = reference })).ShouldBe(counts, reference);
        }
    }

    [Fact]
    public async Task An_update_outside_the_window_is_refused_and_what_began_within_it_goes_on()
    {
        Use("mode: full\nupdates: { window: \"12:00-12:01\", timezone: UTC }");
        _time.SetUtcNow(new DateTimeOffset(2026, 11, 30, 12, 5, 0, TimeSpan.Zero));
        var error = await Should.ThrowAsync<CommandException>(() => RunAsync(CommandNames.UpdateContainer));
        error.Message.ShouldContain("again from Tue 2026-12-01 12:00 (UTC) (updates: window 12:00-12:01)");
        await RunAsync(OperationActions.Stop);
        await _gate.EnsureAllowedAsync(CommandNames.UpdateContainer, Subject.OfContainer("web"), TestContext.Current.CancellationToken);
        _time.SetUtcNow(new DateTimeOffset(2026, 12, 1, 12, 0, 0, TimeSpan.Zero));
        await RunAsync(CommandNames.UpdateContainer);

        Task<byte[]> RunAsync(string action) => _gate.RunAsync(
            "1", action, new BoundRequest(Subject.OfContainer("web"), null, _ => Task.FromResult<byte[]>([])), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_label_that_only_the_image_has_counts_for_nothing()
    {
        _engine.Set("/images/sha256%3A1/json", """{"Id":"sha256:1","Config":{"Labels":{"made":"at-creation"}}}""");
        Use("mode: observe\ncontainers: [{ match: { label: made=at-creation }, allow: [stop] }]");
        (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = Postgres })).ShouldBeTrue();
    }

    [Theory]
    [InlineData("postgres-1", "other", true)]
    [InlineData("postgres-1", "postgres-2", false)]
    [InlineData("web", "postgres-2", true)]
    [InlineData("web", "/postgres-2", true)]
    [InlineData("web", "other", false)]
    public async Task No_rule_is_escaped_or_come_by_through_another_name(string container, string name, bool refused)
    {
        Use("mode: full\ncontainers: [{ match: { name: postgres-* }, deny: [stop] }]");
        (await IsRefusedAsync(OperationActions.Rename, new ContainerOperation { ContainerId = container, NewName = name })).ShouldBe(refused);
    }

    [Theory]
    [InlineData("shop/db:18", false)]
    [InlineData("other:1", true)]
    public async Task Nor_through_another_image(string image, bool refused)
    {
        Use("mode: full\ncontainers: [{ match: { image: 'shop/db:*', name: 'postgres*' }, deny: [stop] }]");
        (await IsRefusedAsync(CommandNames.UpdateContainer, new UpdateContainerRequest { ContainerId = "postgres-1", NewImage = image })).ShouldBe(refused);
    }

    [Theory]
    [InlineData(OperationActions.Stop, "\"container_id\":\"web\"")]
    [InlineData(OperationActions.Remove, "\"container_id\":\"web\"")]
    [InlineData(OperationActions.GetLogs, "")]
    [InlineData(OperationActions.Inspect, "")]
    public async Task A_request_is_done_on_the_container_that_was_judged_and_not_on_whichever_has_its_name_then(string action, string echo)
    {
        Use("mode: full\ncontainers: [{ match: { name: postgres-* }, deny: [stop, logs, inspect] }]");
        _engine.Set($"/containers/{Postgres}/json", Inspection("web"));
        _engine.Otherwise = _ => "{}";
        (await AnswerAsync(action, "web")).ShouldContain(echo);
        _engine.Requests.Where(path => path.StartsWith("/containers/web", StringComparison.Ordinal)).ShouldBe(["/containers/web/json"]);
        _engine.Requests.ShouldContain(path => path.StartsWith($"/containers/{Postgres}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_nothing_had_when_it_was_judged_reaches_nothing_later()
    {
        Use("mode: full\ncontainers: [{ match: { name: postgres-* }, deny: [stop] }]");
        _engine.Missing = path => "No such container: " + path.Split('/', '?')[2];
        _engine.Otherwise = path => path.StartsWith("/containers/gone/stop", StringComparison.Ordinal) ? "" : null;
        (await AnswerAsync(OperationActions.Stop, "gone")).ShouldBe("No such container: gone");
        _engine.Requests.Where(path => path.StartsWith("/containers/gone", StringComparison.Ordinal)).ShouldBe(["/containers/gone/json"]);
    }

    [Fact]
    public async Task Labels_of_a_container_whose_image_is_gone_allow_nothing_and_refuse_all_the_same()
    {
        _engine.Set("/images/sha256%3A1/json", "{}", 404);
        Use("mode: observe\ncontainers: [{ match: { label: made }, allow: [stop] }]");
        (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = Postgres })).ShouldBeTrue();
        Use("mode: full\ncontainers: [{ match: { label: made }, deny: [stop] }]");
        (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = Postgres })).ShouldBeTrue();
        (await IsRefusedAsync(OperationActions.Start, new ContainerOperation { ContainerId = Postgres })).ShouldBeFalse();
    }

    [Theory]
    [InlineData("shop", "deny: [compose]", true)]
    [InlineData("shop", "allow: [restart]", true)]
    [InlineData("shop", "deny: [stop]", false)]
    [InlineData("shop", "deny: [start]", true)]
    [InlineData("shop", "hide: true", true)]
    [InlineData("other", "hide: true", false)]
    public async Task A_project_is_deployed_only_if_that_is_allowed_on_each_of_its_containers(string project, string rule, bool refused)
    {
        Use($"mode: full\ncontainers: [{{ match: {{ name: postgres-1 }}, {rule} }}]");
        (await IsRefusedAsync(CommandNames.DeployCompose, new DeployComposeRequest { ProjectName = project })).ShouldBe(refused);
    }

    [Fact]
    public async Task A_container_that_is_not_there_is_judged_as_any_other()
    {
        Use("mode: operate\ncontainers: [{ match: { name: '*' }, deny: [stop] }]");
        (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = "gone" })).ShouldBeFalse();
        (await IsRefusedAsync(OperationActions.Remove, new ContainerOperation { ContainerId = "gone" })).ShouldBeTrue();
    }

    [Fact]
    public async Task Where_the_engine_does_not_tell_which_container_it_is_nothing_is_done()
    {
        _engine.Set("/containers/postgres-1/json", """{"message":"it is broken"}""", 500);
        Use("mode: full\ncontainers: [{ match: { name: web }, deny: [stop] }]");
        await Should.ThrowAsync<EngineException>(() => IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = "postgres-1" }));
    }

    [Theory]
    [InlineData("up", "create", true)]
    [InlineData(null, "create_volume", true)]
    [InlineData("up", "pull_image", true)]
    [InlineData("up", "remove", false)]
    [InlineData("restart", "create", false)]
    [InlineData("restart", "restart", true)]
    [InlineData("down", "remove", true)]
    [InlineData("down", "delete_volume", false)]
    [InlineData("down -v", "delete_volume", true)]
    [InlineData("down -v", "prune", true)]
    public async Task What_is_denied_is_denied_inside_a_deployment(string? action, string denied, bool refused)
    {
        Use($"mode: full\ndeny: [{denied}]");
        var request = new DeployComposeRequest { ProjectName = "x", Action = action?.Split(' ')[0], RemoveVolumes = action == "down -v" };
        (await IsRefusedAsync(CommandNames.DeployCompose, request)).ShouldBe(refused);
    }

    [Fact]
    public async Task Without_rules_for_containers_the_engine_is_not_asked()
    {
        Use("mode: operate");
        (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = Postgres })).ShouldBeFalse();
        _engine.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_only_tried_out_is_done_and_logged()
    {
        Use("mode: observe\nenforce: false");
        (await IsRefusedAsync(OperationActions.Stop, new ContainerOperation { ContainerId = Postgres })).ShouldBeFalse();
        _log.Text.ShouldContain("stop would be refused if the policy were enforced: stop is not allowed (mode: observe)");
    }

    [Fact]
    public async Task A_refused_request_is_not_run_and_says_the_rule()
    {
        Use("mode: full\ndeny: [prune]");
        var request = new BoundRequest(Subject.None, null, _ => throw new InvalidOperationException("It must not be run."));
        (await Should.ThrowAsync<CommandException>(() => _gate.RunAsync("1", CommandNames.PruneImages, request, TestContext.Current.CancellationToken)))
            .Message.ShouldBe("refused by this host's policy: prune_images is not allowed (deny: prune_images)");
        _log.Text.ShouldContain("prune_images was refused by this host's policy");
    }

    private static string Inspection(string name) =>
        $$"""{"Id":"{{Postgres}}","Name":"/{{name}}","Image":"sha256:1","Config":{"Image":"shop/db:17","Labels":{"made":"at-creation"} } }""";

    private void Use(string policy) => _policies.Use(Gates.Policy(policy));

    private async Task<string> AnswerAsync(string action, string container)
    {
        var routes = new Routes();
        new ContainerOperations(_engine.Client, TestOwnContainers.None, _policies).AddTo(routes);
        var bound = routes.Operations[action].Bind(JsonElement.Parse($$"""{"container_id":"{{container}}"}"""));
        try
        {
            return Encoding.UTF8.GetString(await _gate.RunAsync("1", action, bound, TestContext.Current.CancellationToken));
        }
        catch (EngineException e)
        {
            return e.Message;
        }
    }

    private async Task<bool> IsRefusedAsync(string action, object payload)
    {
        try
        {
            await _gate.EnsureAllowedAsync(action, Subject.Of(payload), TestContext.Current.CancellationToken);
            return false;
        }
        catch (CommandException e)
        {
            e.Message.ShouldStartWith("refused by this host's policy: ");
            return true;
        }
    }
}
