using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Health;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Health;

public sealed class HealthEndpointTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryFolder _data = new();
    private readonly ScriptedEngine _engine = new(("/_ping", 200, "OK"));
    private readonly EngineProbe _pulse;
    private readonly Lanes _lanes = new();
    private readonly LogCapture _log = new();
    private readonly CancellationTokenSource _stop = new();
    private AgentContext? _context;
    private Task _running = Task.CompletedTask;

    public HealthEndpointTests()
    {
        _pulse = new EngineProbe(_engine.Client, _time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _pulse.Dispose();
        _lanes.Dispose();
        await _engine.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task A_client_of_the_health_socket_is_told_in_one_line()
    {
        Start(_data.Path);
        await UntilAsync((0, "healthy: 6 loops turn, the engine answered 0 s ago"));
        _context!.Loops.Commands.Running();
        _time.Advance(TimeSpan.FromMinutes(6));
        (await AskAsync()).ShouldBe((1, "unhealthy: the loop \"taking commands\" stands still since 360 s"));
    }

    [Fact]
    public async Task What_a_killed_agent_left_behind_gives_way_and_nobody_else_may_ask()
    {
        _data.Write("agent.sock", "stale");
        Start(_data.Path);
        await UntilAsync((0, "healthy: 6 loops turn, the engine answered 0 s ago"));
        File.GetUnixFileMode(_data.File("agent.sock")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Where_there_can_be_no_socket_the_agent_goes_on()
    {
        Start(_data.File(new string('x', 120)));
        _log.Text.ShouldContain("There can be no socket");
        await Task.Yield();
        _running.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task An_engine_that_answered_is_not_asked_again_for_half_a_minute()
    {
        var engine = new ScriptedEngine(("/_ping", 200, "OK"));
        using var client = new EngineClient(engine.Endpoint, _time);
        using var pulse = new EngineProbe(client, _time);
        (await pulse.AskAsync(Token)).ShouldBeNull();
        await engine.DisposeAsync();
        _time.Advance(EngineProbe.Every - TimeSpan.FromSeconds(1));
        (await pulse.AskAsync(Token)).ShouldBeNull();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await pulse.AskAsync(Token)).ShouldNotBeNull().ShouldContain("cannot connect to the Docker engine");
    }

    private void Start(string data)
    {
        _context = new AgentContext(new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = data }, _log, _time, new Random(1));
        _running = new HealthEndpoint(_context, _pulse, new TruncationReport(_context.CreateLogger<TruncationReport>()), _lanes).RunAsync(_stop.Token);
    }

    private Task UntilAsync((int Code, string Line) answer) =>
        Retry.UntilAsync($"the answer is \"{answer.Line}\"", async () => await AskAsync() == answer, ct: Token);

    private async Task<(int Code, string Line)> AskAsync()
    {
        using var output = new StringWriter();
        var code = await HealthVerb.RunAsync(output, name => name == "DATA_PATH" ? _data.Path : null, TimeProvider.System);
        return (code, output.ToString().TrimEnd());
    }
}
