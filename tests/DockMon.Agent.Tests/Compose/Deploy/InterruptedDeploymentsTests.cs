using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy;

/// <summary>Deployments whose agent ends before they do: a server hears of each of them.</summary>
public sealed class InterruptedDeploymentsTests : IAsyncDisposable
{
    private readonly ComposeScene _scene = new();
    private readonly TaskCompletionSource _never = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _never.TrySetResult();
        await _scene.DisposeAsync();
    }

    [Fact]
    public async Task A_deployment_that_was_accepted_and_not_begun_has_changed_nothing()
    {
        _scene.Runs("web", "Up 3 minutes", """{"Status":"running","Running":true}""");
        _scene.Lanes.Post("compose:shop", () => _never.Task);
        (await _scene.AskAsync(ComposeDeployerTests.Up("services: {web: {}}"))).ShouldContain("deployment_started");
        Journals().Length.ShouldBe(1);

        var end = await KilledAsync();
        end.GetProperty("success").GetBoolean().ShouldBeFalse();
        end.GetProperty("deployment_id").GetString().ShouldBe("d1");
        end.GetProperty("error").GetString().ShouldBe(
            "failed to up project shop: interrupted: the agent ended before anything was changed; there is: web (Up 3 minutes). Ask for it once more");
        end.GetProperty("services").GetProperty("web").GetProperty("status").GetString().ShouldBe("Up 3 minutes");
        // It is removed after the end was told: an agent that is killed in between tells it again.
        await Retry.UntilAsync("the journal is gone", () => Journals().Length == 0, TimeSpan.FromMinutes(1), Token);
    }

    [Fact]
    public async Task A_deployment_that_was_killed_while_compose_ran_is_told_of_with_what_runs()
    {
        await File.WriteAllTextAsync(_scene.At("hold"), "", Token);
        var store = new DeploymentStore(_scene.Data, NullLogger.Instance);
        store.Save(store.Add(new DeployComposeRequest { DeploymentId = "d1", ProjectName = "shop" }) with { Begun = true });
        var model = new AcceptedModel(_scene.Data, "shop");
        model.Write("services: {web: {}}", "");
        var arguments = new ComposeArguments(new ComposeTool(_scene.Compose, new Version(2, 26)), "shop", model.File, model.EnvFile, _scene.Data, []);
        var compose = ComposeProcess.RunAsync(
            _scene.Compose,
            arguments.Up(forceRecreate: false),
            new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
            "/",
            line: null,
            TimeProvider.System,
            Token);
        await Retry.UntilAsync("compose runs", () => _scene.Text("ran") is not null, TimeSpan.FromMinutes(1), Token);
        _scene.Runs("web", "Exited (1) 2 seconds ago", """{"Status":"exited","ExitCode":1}""");

        var end = await KilledAsync();
        end.GetProperty("error").GetString()!.ShouldContain("in the middle of it; there is: web (Exited (1) 2 seconds ago)");
        end.GetProperty("failed_services")[0].GetString().ShouldBe("web");
        (await compose).ExitCode.ShouldBe(143); // It was left by the agent that was killed, and does not work on beside this one.
    }

    [Fact]
    public async Task A_deployment_whose_end_was_known_ends_as_it_did()
    {
        var store = new DeploymentStore(_scene.Data, NullLogger.Instance);
        var journal = store.Add(new DeployComposeRequest { DeploymentId = "d1", ProjectName = "shop" });
        store.Save(journal with
        {
            Begun = true,
            End = new DeployComplete { DeploymentId = "d1", Action = "up", Success = true, Services = new Dictionary<string, DeployedService>() }
        });
        (await KilledAsync()).GetProperty("success").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_waited_for_but_not_for_ever()
    {
        new DeploymentStore(_scene.Data, NullLogger.Instance).Add(new DeployComposeRequest { DeploymentId = "d1", ProjectName = "shop", Action = "down" });
        _scene.EngineAnswers(500, """{"message":"starting"}""");
        var telling = KilledAsync();
        await Retry.UntilAsync("it is given up", () =>
        {
            _scene.Time.Advance(TimeSpan.FromSeconds(1));
            return telling.IsCompleted;
        }, TimeSpan.FromMinutes(1), Token);
        (await telling).GetProperty("error").GetString()!.ShouldContain("what runs of it cannot be said");
    }

    [Fact]
    public async Task A_deployment_that_cannot_be_told_of_because_the_agent_stops_is_told_of_by_the_next_start()
    {
        new DeploymentStore(_scene.Data, NullLogger.Instance).Add(new DeployComposeRequest { DeploymentId = "d1", ProjectName = "shop", Action = "down" });
        _scene.EngineAnswers(500, """{"message":"stopping"}""");
        using var stopping = new CancellationTokenSource();
        await _scene.RestartAsync(stopping.Token);
        await stopping.CancelAsync();
        await _scene.Lanes.WhenIdleAsync().WaitAsync(TimeSpan.FromMinutes(1), Token);
        _scene.Ends().ShouldBeEmpty();
        _scene.EngineAnswers(200, "[]");
        (await KilledAsync()).GetProperty("error").GetString()!.ShouldContain("there is no container of it");
    }

    [Fact]
    public void More_than_can_be_kept_are_refused()
    {
        var store = new DeploymentStore(_scene.Data, NullLogger.Instance);
        var request = new DeployComposeRequest { DeploymentId = "d1", ProjectName = "shop" };
        for (var i = 0; i < DeploymentStore.Limit; i++)
        {
            store.Add(request);
        }

        Should.Throw<CommandException>(() => store.Add(request)).Message.ShouldContain("100 deployments are under way");
    }

    [Fact]
    public async Task A_file_that_is_no_journal_is_left_alone_and_logged()
    {
        Directory.CreateDirectory(_scene.At("deployments"));
        await File.WriteAllTextAsync(_scene.At("deployments/x.json"), "{}", Token);
        await _scene.RestartAsync(Token);
        _scene.Log.Text.ShouldContain("is no journal of a deployment that can be read");
        Journals().Length.ShouldBe(1);
    }

    private string[] Journals() => Directory.GetFiles(_scene.At("deployments"));

    /// <summary>Starts the agent again on the same data, in lanes of its own as after a kill, and tells the one end it has to tell.</summary>
    private async Task<JsonElement> KilledAsync()
    {
        await _scene.RestartAsync(Token);
        JsonElement? end = null;
        await Retry.UntilAsync("its end is told", () =>
        {
            _scene.Time.Advance(TimeSpan.FromMilliseconds(100));
            return (end ??= _scene.Ends().Cast<JsonElement?>().SingleOrDefault()) is not null;
        }, TimeSpan.FromMinutes(1), Token);
        return end!.Value;
    }
}
