using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Tests.Hosting;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Containers;

/// <summary>Creates that fail or are interrupted: what they leave, and what the next start makes of it.</summary>
public sealed class ContainerCreatorTests : IAsyncDisposable
{
    private const string Connect = "/networks/b/connect";
    private static readonly string Id = new('c', 64);
    private static readonly string Remove = $"/containers/{Id}?force=1&v=1";

    private readonly TemporaryFolder _data = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _over = new();
    private readonly LogCapture _log = new();
    private readonly ScriptedEngine _engine = new(
        ("/networks/b", 200, "{}"),
        ("/containers/create", 201, $$"""{"Id":"{{Id}}"}"""),
        (Connect, 200, ""),
        (Remove, 204, ""));

    private Task _killed = Task.CompletedTask;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string[] Journals => Directory.Exists(Path.Combine(_data.Path, "creates")) ? Directory.GetFiles(Path.Combine(_data.Path, "creates")) : [];

    public async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        await _killed;
        await _engine.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task A_newer_engine_connects_all_networks_in_one_piece()
    {
        _engine.ApiVersion = "1.44";
        (await CreateAsync()).ShouldBe(Id);
        _engine.Requests.ShouldBe(["/networks/b", "/containers/create"]);
        Journals.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_was_judged_is_what_is_created_or_it_is_removed_again()
    {
        await using var engine = new ScriptedEngine(
            ("/info", 200, """{"DockerRootDir":"/var/lib/docker","DefaultRuntime":"runc","CgroupVersion":"2"}"""),
            ("/containers/json?all=1", 200, "[]"),
            ("/volumes", 200, """{"Volumes":[]}"""),
            ("/containers/create", 201, $$"""{"Id":"{{Id}}"}"""),
            (Remove, 204, ""));
        var gate = Gates.CreateGate(Gates.Policy("mode: full\ncreate: { host_paths: { allow: [/srv/**] } }"), engine.Client);
        var creator = new ContainerCreator(engine.Client, gate, _data.Path, _time, _log.CreateLogger<ContainerCreator>());
        var request = new ContainerOperation { Config = JsonElement.Parse("""{"image":"app:1","volumes":["data:/x"]}""") };
        (await creator.CreateAsync(request, Token)).ShouldBe(Id);
        engine.Requests.ShouldNotContain(Remove);

        // A deployment makes the volume between the judgement and the create.
        engine.BeforeAnswer = path =>
        {
            if (path == "/containers/create")
            {
                engine.Set("/volumes/data", """{"Name":"data","Driver":"local","Options":{"type":"none","o":"bind","device":"/etc"}}""");
            }

            return Task.CompletedTask;
        };
        (await Should.ThrowAsync<CommandException>(() => creator.CreateAsync(request, Token))).Message.ShouldContain("mounts /etc (by volume data)");
        engine.Requests[^1].ShouldBe(Remove);
    }

    [Fact]
    public async Task An_older_one_connects_them_one_after_the_other_and_nothing_is_left_of_it()
    {
        (await CreateAsync()).ShouldBe(Id);
        _engine.Requests.ShouldBe(["/networks/b", "/containers/create", Connect]);
        Journals.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_container_that_cannot_be_connected_is_removed_and_one_that_cannot_be_removed_is_named()
    {
        _engine.Set(Connect, """{"message":"no free address"}""", 500);
        (await Should.ThrowAsync<Exception>(CreateAsync)).Message.ShouldContain("no free address");
        _engine.Requests[^1].ShouldBe(Remove);
        Journals.ShouldBeEmpty();

        _engine.Set(Remove, """{"message":"busy"}""", 500);
        var error = (await Should.ThrowAsync<CommandException>(CreateAsync)).Message;
        error.ShouldContain("no free address");
        error.ShouldContain("cccccccccccc, could not be removed: busy");
        Journals.Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("created", true)]
    [InlineData("running", false)]
    [InlineData("exited", false)]
    public async Task An_agent_that_was_killed_between_the_networks_removes_the_half_unless_somebody_has_started_it(string state, bool removed)
    {
        await KilledAsync();
        _engine.Set($"/containers/{Id}/json", $$$"""{"Id":"{{{Id}}}","State":{"Status":"{{{state}}}"}}""");
        await Creator().RecoverAsync(Token);
        _engine.Requests.Contains(Remove).ShouldBe(removed);
        Journals.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_half_that_is_gone_is_forgotten()
    {
        await KilledAsync();
        await Creator().RecoverAsync(Token);
        _engine.Requests.ShouldNotContain(Remove);
        Journals.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_engine_that_does_not_answer_is_waited_for_and_then_left_to_the_next_start()
    {
        await KilledAsync();
        _engine.Set($"/containers/{Id}/json", """{"message":"starting"}""", 500);
        var recovering = Creator().RecoverAsync(Token);
        await Retry.UntilAsync("it is given up", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return recovering.IsCompleted;
        }, TimeSpan.FromMinutes(1), Token);
        _log.Text.ShouldContain("is not connected to all of its networks");
        Journals.Length.ShouldBe(1);
    }

    [Fact]
    public async Task An_agent_that_was_killed_while_the_engine_created_has_nothing_to_undo()
    {
        var (asked, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        _engine.BeforeAnswer = path =>
        {
            if (path != "/containers/create")
            {
                return Task.CompletedTask; // The client asks for the API's version first.
            }

            asked.TrySetResult();
            return never.Task;
        };
        using var killed = new CancellationTokenSource();
        var creating = Creator().CreateAsync(Request("""{"image":"app:1","network":"b"}"""), killed.Token);
        await asked.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await killed.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(creating);
        await Creator().RecoverAsync(Token);
        _engine.Requests.ShouldBe(["/containers/create"]);
    }

    [Fact]
    public async Task A_start_that_the_engine_had_done_is_no_error_when_it_is_asked_for_again()
    {
        var routes = new Routes();
        new ContainerOperations(_engine.Client, TestOwnContainers.None, Gates.NoPolicy).AddTo(routes);
        _engine.Set("/containers/abc/start", "", 304);
        var answer = JsonElement.Parse(await routes.Operations["start"].Bind(JsonElement.Parse("""{"container_id":"abc"}""")).Run(Token));
        answer.GetProperty("status").GetString().ShouldBe("started");
    }

    /// <summary>A create whose agent ends while the second network is connected.</summary>
    private async Task KilledAsync()
    {
        var connecting = new TaskCompletionSource();
        _engine.BeforeAnswer = path =>
        {
            if (path != Connect)
            {
                return Task.CompletedTask;
            }

            connecting.TrySetResult();
            return _over.Task;
        };
        _killed = CreateAsync(); // Not heard of any more, as in a process that was killed.
        await connecting.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        Journals.Select(Path.GetFileName).ShouldBe([Id]);
        _engine.BeforeAnswer = _ => Task.CompletedTask;
    }

    private Task<string> CreateAsync() => Creator().CreateAsync(Request("""{"image":"app:1","networks":["a","b"]}"""), Token);

    private ContainerCreator Creator() => new(_engine.Client, Gates.OpenForCreates, _data.Path, _time, _log.CreateLogger<ContainerCreator>());

    private static ContainerOperation Request(string config) => new() { Action = "create", Config = JsonElement.Parse(config) };
}
