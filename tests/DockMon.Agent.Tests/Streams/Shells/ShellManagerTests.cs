using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Tests.Policies;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Shells;

public sealed class ShellManagerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Outbound _outbound;
    private readonly EngineClient _engine = new(EngineEndpoint.FromEnvironment("unix:///nowhere/docker.sock", null, null), TimeProvider.System);
    private readonly Agent.Streams.Shells.ShellManager _shells;

    public ShellManagerTests()
    {
        _outbound = new Outbound(new Outbox(_folder.Path), TimeProvider.System, NullLogger<Outbound>.Instance);
        _shells = new(_engine, Gates.Open, _outbound, Gates.NoAudit, TimeProvider.System, NullLogger<Agent.Streams.Shells.ShellManager>.Instance);
    }

    [Theory]
    [InlineData("""{"action":"data","session_id":"s","data":"YQ=="}""", "there is no session s")]
    [InlineData("""{"action":"data","session_id":"s","data":"?"}""", "there is no session s")]
    [InlineData("""{"action":"close","session_id":"s"}""", "there is no session s")]
    [InlineData("""{"action":"resize","session_id":"s","cols":0,"rows":70000}""", "0 columns and 70000 rows are no size of a terminal")]
    [InlineData("""{"action":"resize","session_id":"s"}""", " columns and  rows are no size of a terminal")]
    [InlineData("""{"action":"fly","session_id":"s"}""", "unknown action: fly")]
    [InlineData("""{"action":"start","container_id":"c"}""", "session_id is missing")]
    [InlineData("null", "session_id is missing")]
    [InlineData("""{"action":5}""", "invalid payload: $.action: ")]
    [InlineData("[]", "invalid payload: $: ")]
    public void What_cannot_be_done_is_said(string message, string reason) =>
        Should.Throw<CommandException>(() => Take(message)).Message.ShouldStartWith(reason);

    [Fact]
    public async Task A_shell_that_cannot_start_is_an_error_with_the_reason_and_is_forgotten()
    {
        Take("""{"action":"start","session_id":"s","container_id":"c"}""");
        await _shells.FinishAsync(TimeSpan.FromSeconds(30));
        var said = JsonElement.Parse(_outbound.TryTake()!.Bytes).GetProperty("payload");
        said.GetProperty("action").GetString().ShouldBe("error");
        var error = said.GetProperty("error").GetString()!;
        error.ShouldStartWith("failed to start shell: ");
        Encoding.UTF8.GetByteCount(error).ShouldBeLessThanOrEqualTo(120, "a server passes it on in a close frame");
        _shells.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("web", true)]
    [InlineData("gone", false)]
    public async Task A_shell_opens_in_the_container_that_was_judged_and_not_in_whichever_has_its_name_then(string reference, bool exists)
    {
        await using var engine = new ScriptedEngine(("/containers/web/json", 200, """{"Id":"0123456789ab","Name":"/web"}"""))
        {
            Missing = path => "No such container: " + path.Split('/')[2],
        };
        var policies = Gates.NoPolicy;
        policies.Use(Gates.Policy("mode: full\ncontainers: [{ match: { name: x }, deny: [shell] }]"));
        var shells = new Agent.Streams.Shells.ShellManager(
            engine.Client,
            Gates.Of(policies, engine.Client),
            _outbound,
            Gates.NoAudit,
            TimeProvider.System,
            NullLogger<Agent.Streams.Shells.ShellManager>.Instance);
        shells.HandleFrame(JsonElement.Parse($$"""{"action":"start","session_id":"s","container_id":"{{reference}}"}"""));
        await Retry.UntilAsync("it has ended", () => shells.Count == 0, ct: TestContext.Current.CancellationToken);
        engine.Requests.ShouldNotContain($"/containers/{reference}/exec");
        engine.Requests.Contains("/containers/0123456789ab/exec").ShouldBe(exists);
        Encoding.UTF8.GetString(_outbound.TryTake()!.Bytes).ShouldContain("failed to start shell: No such container: " + reference);
    }

    [Fact]
    public async Task None_is_started_while_the_agent_stops_or_without_a_container()
    {
        Take("""{"action":"start","session_id":"s"}""");
        await _shells.FinishAsync(TimeSpan.FromSeconds(30));
        Take("""{"action":"start","session_id":"t","container_id":"c"}""");
        JsonElement.Parse(_outbound.TryTake()!.Bytes)
            .GetProperty("payload")
            .GetProperty("error")
            .GetString()
            .ShouldBe("failed to start shell: container_id is missing");
        JsonElement.Parse(_outbound.TryTake()!.Bytes)
            .GetProperty("payload")
            .GetProperty("error")
            .GetString()
            .ShouldBe("failed to start shell: the agent is stopping");
    }

    [Fact]
    public async Task A_shell_whose_start_hangs_in_the_engine_does_not_keep_the_agent_from_stopping()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (time, log) = (new FakeTimeProvider(), new LogCapture());
        using var engine = new EngineClient(EngineEndpoint.FromEnvironment($"tcp://{listener.LocalEndpoint}", null, null), new FakeTimeProvider());
        var shells = new Agent.Streams.Shells.ShellManager(
            engine,
            Gates.Open,
            _outbound,
            Gates.NoAudit,
            time,
            log.CreateLogger<Agent.Streams.Shells.ShellManager>());
        shells.HandleFrame(JsonElement.Parse("""{"action":"start","session_id":"s","container_id":"c"}"""));
        using var silent = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);

        var finishing = shells.FinishAsync(TimeSpan.FromSeconds(25));
        time.Advance(TimeSpan.FromSeconds(25));
        finishing.IsCompleted.ShouldBeFalse();
        await Retry.UntilAsync(
            "it is left",
            () =>
            {
                time.Advance(RequestRunner.Grace);
                return finishing.IsCompleted;
            },
            ct: TestContext.Current.CancellationToken);
        await finishing;
        log.Text.ShouldContain("1 shells do not end");

        // The client may ask again on another connection, which would be as silent.
        listener.Stop();
        silent.Close();
        await Retry.UntilAsync("the shell is forgotten", () => shells.Count == 0, ct: TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    private void Take(string message) => _shells.HandleFrame(JsonElement.Parse(message));
}
